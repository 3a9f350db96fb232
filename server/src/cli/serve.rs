//! `vanguard serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use vanguard_core::keys::hex;

use super::DataArgs;
use crate::serve::{Config, Server, Tls};

/// Options of `vanguard serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 监听地址 · where to listen
    #[arg(
        long,
        env = "VANGUARD_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8443"
    )]
    listen: SocketAddr,

    /// 手机访问的地址，写入邀请 · the address that phones reach, as invites name it
    #[arg(long, env = "VANGUARD_PUBLIC_URL", value_name = "URL", value_parser = super::address)]
    public_url: Option<String>,

    /// 证书链 (PEM)；不给则用中继站自己的密钥签发 · certificate chain; without it the relay's own
    #[arg(
        long,
        env = "VANGUARD_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,

    /// 证书的私钥 (PEM) · the certificate's private key
    #[arg(
        long,
        env = "VANGUARD_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,

    /// 不加密；仅用于本机或加密代理之后 · plain HTTP, only for loopback or behind a proxy that encrypts
    #[arg(long, env = "VANGUARD_INSECURE_HTTP", conflicts_with = "tls_cert")]
    insecure_http: bool,

    /// 加密代理的地址：相信它在 X-Forwarded-For 里写的来访者 · the proxy that encrypts, which is believed
    /// whom it names in X-Forwarded-For
    #[arg(
        long,
        env = "VANGUARD_PROXY",
        value_name = "IP",
        requires = "insecure_http"
    )]
    proxy: Option<IpAddr>,

    /// 设备无需人工确认；仅用于演示 · devices need nobody to confirm them; for demonstrations
    #[arg(long, env = "VANGUARD_AUTO_CONFIRM")]
    auto_confirm: bool,

    /// 同时连接数上限 · the most connections at a time
    #[arg(long, env = "VANGUARD_MAX_CONNECTIONS", value_name = "N", default_value_t = 800,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_connections: u32,

    /// 同时处理的请求数上限 · the most requests at work at a time
    #[arg(long, env = "VANGUARD_MAX_REQUESTS", value_name = "N", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_requests: u32,

    /// 停止时等待的秒数 · seconds given to what is in flight when the relay stops
    #[arg(
        long,
        env = "VANGUARD_DRAIN_SECONDS",
        value_name = "S",
        default_value_t = 20
    )]
    drain_seconds: u32,

    /// 手机上保留已办结记录的天数 · how many days back phones keep what is done with
    #[arg(
        long,
        env = "VANGUARD_WINDOW_DAYS",
        value_name = "DAYS",
        default_value_t = 90
    )]
    window_days: u32,

    /// 授权终止后仍接收此前离线记录的天数 · for how many days after a grant's end work from before
    /// it is still taken
    #[arg(
        long,
        env = "VANGUARD_GRACE_DAYS",
        value_name = "DAYS",
        default_value_t = 30
    )]
    grace_days: u32,

    /// 单张照片的大小上限 (MiB) · the most of one photo's file, in MiB
    #[arg(long, env = "VANGUARD_PHOTO_FILE_MIB", value_name = "MIB", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=64))]
    photo_file_mib: u32,

    /// 照片占用空间的上限 (GiB)；不给则以磁盘为限 · the most of all photos, in GiB; else what the
    /// disk has
    #[arg(long, env = "VANGUARD_PHOTO_STORAGE_GIB", value_name = "GIB")]
    photo_storage_gib: Option<u32>,

    /// 磁盘须保留的空间 (MiB)：低于此值不再接收照片 · what of the disk stays free, in MiB: below it
    /// no photo is taken
    #[arg(
        long,
        env = "VANGUARD_PHOTO_FLOOR_MIB",
        value_name = "MIB",
        default_value_t = 256
    )]
    photo_floor_mib: u32,
}

impl ServeArgs {
    fn config(&self) -> Config {
        let mut config = Config::new(&self.data.data);
        config.public_url.clone_from(&self.public_url);
        config.tls = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Tls::Files {
                cert: cert.clone(),
                key: key.clone(),
            },
            _ if self.insecure_http => Tls::Plain,
            _ => Tls::OwnKey,
        };
        config.proxy = self.proxy.map(|proxy| proxy.to_canonical());
        config.auto_confirm = self.auto_confirm;
        config.limits.connections = self.max_connections as usize;
        config.limits.concurrent_requests = self.max_requests as usize;
        config.limits.drain = std::time::Duration::from_secs(self.drain_seconds.into());
        config.relay.window_days = self.window_days;
        config.relay.grace_ms = i64::from(self.grace_days) * 24 * 3_600_000;
        let photos = &mut config.relay.blobs;
        photos.file_bytes = u64::from(self.photo_file_mib) << 20;
        photos.storage_bytes = self.photo_storage_gib.map(|gib| u64::from(gib) << 30);
        photos.floor_bytes = u64::from(self.photo_floor_mib) << 20;
        config
    }
}

/// Runs the relay until SIGTERM or Ctrl-C.
pub(super) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let config = args.config();
    if args.insecure_http && !args.listen.ip().is_loopback() {
        eprintln!("警告：连接未加密。 Warning: connections are not encrypted.");
    }
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("无法监听 · cannot listen on {}", args.listen))?;
    let data = config.data.clone();
    let server = Server::start(listener, config)
        .with_context(|| format!("无法启动 · cannot start on {}", data.display()))?;
    let ready = server.ready();
    println!("中继站已启动 · relay listens on {}", ready.address);
    println!("手机访问地址 · address for phones: {}", ready.public_url);
    println!(
        "密钥指纹 · key fingerprint (SHA-256): {}",
        hex(&ready.relay_key.fingerprint())
    );
    super::tell_of_reach(&ready.public_url);
    if let Some(url) = &ready.setup_url {
        println!();
        println!("尚无管理员。请在浏览器中打开此一次性链接：");
        println!("There is no administrator yet. Open this one-time link in a browser:");
        println!("    {url}");
    }
    server.run(told_to_stop()).await;
    println!("中继站已停止 · the relay has stopped");
    Ok(ExitCode::SUCCESS)
}

/// Ready at SIGTERM or Ctrl-C.
async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        } else {
            let _ = interrupted.await;
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
