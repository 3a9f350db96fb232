//! `vanguard invite`: an invite as a QR code in the terminal, as a PNG, and as text.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use image::Luma;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use vanguard_core::id::MemberId;

use super::{DataArgs, devices};
use crate::access::PUBLIC_URL;
use crate::relay::Relay;
use crate::serve::Config;

/// Options of `vanguard invite`.
#[derive(Debug, Args)]
pub(super) struct InviteArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 党员工号 · the member's number
    #[arg(long, env = "VANGUARD_MEMBER", value_name = "NUMBER")]
    member: String,

    /// 有效小时数 · for how many hours it holds
    #[arg(long, env = "VANGUARD_VALID_HOURS", value_name = "HOURS", default_value_t = 72,
          value_parser = clap::value_parser!(u32).range(1..=8_760))]
    valid_hours: u32,

    /// 二维码另存为图片 · write the QR code to this file, too
    #[arg(long, env = "VANGUARD_PNG", value_name = "FILE")]
    png: Option<PathBuf>,

    /// 手机访问的地址；不给则用上次启动时的 · the address that phones reach; by default as the relay
    /// was last started
    #[arg(long, env = "VANGUARD_PUBLIC_URL", value_name = "URL", value_parser = super::address)]
    public_url: Option<String>,
}

/// Makes an invite and shows it.
pub(super) async fn run(args: InviteArgs) -> anyhow::Result<ExitCode> {
    let access = devices::open(&args.data)?;
    let config = Config::new(&args.data.data);
    let relay = Relay::open(&config.data, config.relay, Arc::clone(&config.env))?;
    let found = relay.find_member(args.member.trim()).await?;
    let (member, name) = found.with_context(|| {
        format!(
            "没有此工号的党员 · no member has the number {}",
            args.member
        )
    })?;
    let url = match args.public_url {
        Some(url) => url,
        None => access.setting(PUBLIC_URL)?.context(
            "请用 --public-url 给出手机访问的地址 · give the address that phones reach with --public-url",
        )?,
    };
    let key = relay.key().public_key();
    let valid_ms = i64::from(args.valid_hours) * 3_600_000;
    let invite = access.invite(key, &url, (member, &name), valid_ms, MemberId::OPERATOR)?;
    relay.close().await;

    let text = invite.to_text();
    let code = qr(&text)?;
    println!("{}", code.render::<Dense1x2>().build());
    println!("{name} ({}) → {url}", args.member);
    println!(
        "有效 {0} 小时，仅可使用一次 · holds for {0} hours, once",
        args.valid_hours
    );
    println!("{text}");
    super::tell_of_reach(&url);
    if let Some(path) = args.png {
        let picture = code.render::<Luma<u8>>().module_dimensions(8, 8).build();
        picture
            .save_with_format(&path, image::ImageFormat::Png)
            .with_context(|| path.display().to_string())?;
        println!("二维码已保存 · QR code written to {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// A code that scans from a screen in poor light: low redundancy keeps its dots large.
fn qr(text: &str) -> anyhow::Result<QrCode> {
    Ok(QrCode::with_error_correction_level(text, EcLevel::L)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_of_usual_length_fits_a_small_code() {
        let code = qr(&"x".repeat(230)).unwrap();
        assert!(code.width() <= 53, "{}", code.width());
        let picture = code.render::<Dense1x2>().build();
        assert!(picture.contains('▀') || picture.contains('▄'));
    }
}
