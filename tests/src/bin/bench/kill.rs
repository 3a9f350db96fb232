//! What a relay holds that is killed in the moment in which every phone believes that all of its
//! records are safe there.

use vanguard_core::invite::Invite;

use crate::Options;
use crate::fleet::{Device, Fleet};
use crate::relay::{RelayProcess, Spaces};
use crate::table::Table;

pub(crate) async fn measure(options: &Options, table: &mut Table) {
    let count = options.devices;
    let mut fleet = Fleet::enrol(count, 1, Spaces::Apart).await;
    fleet.write(options.each, |_, _, _| {});
    fleet.sync_all().await;
    fleet.relay.kill(); // before anything else: the last acknowledgement has just come
    fleet.assert_acknowledged();
    let acknowledged: u64 = fleet.devices.iter().map(Device::held).sum();
    assert_eq!(acknowledged, (count * options.each) as u64);

    let mut invite = Invite::parse(&fleet.relay.ready.invites[count]).unwrap();
    let data = fleet.directory.path().join("relay");
    let again = RelayProcess::start(&data, 0, 0, Spaces::Apart);
    invite.relay_url.clone_from(&again.ready.url);
    let mut witness = Device::enrol(fleet.directory.path(), "witness", &invite.to_text()).await;
    witness.sync().await;
    table.put_at_least(
        "records held after SIGKILL at the last acknowledgement",
        "",
        witness.held() as f64,
        ("acknowledged", acknowledged as f64),
    );
}
