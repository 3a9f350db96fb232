//! Every error that HTTP clients see: RFC 9457 `application/problem+json` with a stable `type`,
//! told in Chinese or English as the client asks. Handlers return a [`Problem`]; the outermost
//! layer turns it into words, because only there the client's language is at hand. Internal errors
//! are mapped to problems here and nowhere else.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use vanguard_core::catalogue::Language;

use super::language;
use crate::access::{AccessError, EnrolError};
use crate::blobs::BlobError;
use crate::relay::{ActError, RelayError};

macro_rules! problems {
    ($($(#[$meta:meta])* $name:ident = $slug:literal, $status:ident, $zh:literal, $en:literal;)+) => {
        /// What went wrong, by its stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemKind {
            $($(#[$meta])* $name),+
        }

        impl ProblemKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable end of `type`: `urn:vanguard:problem:<slug>`.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),+ }
            }

            const fn listed_status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// What people read.
            pub const fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Chinese) => $zh,
                      (Self::$name, Language::English) => $en),+
                }
            }
        }
    };
}

problems! {
    /// Nothing is at this address.
    NotFound = "not-found", NOT_FOUND, "没有此内容", "There is nothing here";
    /// The address exists, but not for this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "不支持此请求方法", "This method is not supported here";
    /// The body or a parameter makes no sense.
    BadRequest = "bad-request", BAD_REQUEST, "请求格式不正确", "The request is malformed";
    /// A field of the body is missing or not allowed.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "填写内容不符合要求", "A value is not acceptable";
    /// The body is of another media type, or encoded in a way that is not understood.
    UnsupportedMedia = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "不支持此内容类型或编码", "This content type or encoding is not supported";
    /// The body is larger than the limit, as sent or when decompressed.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "内容过大，请分次发送", "The body is too large; send it in parts";
    /// The body came too slowly.
    TooSlow = "too-slow", REQUEST_TIMEOUT, "接收超时，请检查网络后重试", "The body came too slowly; try again";
    /// The relay has too much to do.
    Busy = "busy", SERVICE_UNAVAILABLE, "服务器繁忙，请稍后自动重试", "The relay is busy; try again shortly";
    /// The relay is stopping.
    Stopping = "stopping", SERVICE_UNAVAILABLE, "服务器正在停止，请稍后重试", "The relay is stopping; try again shortly";
    /// Something broke in the relay.
    Internal = "internal", INTERNAL_SERVER_ERROR, "服务器内部错误，数据未受影响，请联系管理员", "The relay failed to answer; no data was touched; tell the administrator";
    /// The relay's disk is full.
    StorageFull = "storage-full", INSUFFICIENT_STORAGE, "服务器磁盘已满，未能保存，请联系管理员；您填写的内容仍在本机", "The relay's disk is full and nothing was saved; tell the administrator; what you wrote is still on this device";
    /// The device's program is too old.
    ClientTooOld = "client-too-old", UPGRADE_REQUIRED, "应用版本过旧：请先更新应用，本机数据会保留并在更新后发送", "The app is too old: update it; what is on this device is kept and sent afterwards";
    /// No credential was shown, or the relay does not know it.
    CredentialUnknown = "credential-unknown", UNAUTHORIZED, "服务器不认识此设备，请联系管理员重新邀请", "The relay does not know this device; ask for a new invite";
    /// The device was revoked.
    DeviceRevoked = "device-revoked", FORBIDDEN, "此设备已停用，请联系管理员；未发送的数据仍保留在本机", "This device was revoked; ask the administrator; unsent data stays on the device";
    /// Nobody has compared the device's digits yet.
    DeviceUnconfirmed = "device-unconfirmed", FORBIDDEN, "此设备尚未确认：请将屏幕上的六位数字告诉管理员", "This device is not confirmed yet: read its six digits to the administrator";
    /// There is no such invite.
    InviteUnknown = "invite-unknown", FORBIDDEN, "邀请无效，请重新获取", "There is no such invite; ask for another";
    /// The invite's time has run out.
    InviteExpired = "invite-expired", GONE, "邀请已过期，请重新获取", "The invite has expired; ask for another";
    /// The invite has enrolled a device already.
    InviteUsed = "invite-used", CONFLICT, "邀请已被使用，请重新获取", "The invite has been used; ask for another";
    /// The key belongs to an enrolled device already.
    KeyInUse = "key-in-use", CONFLICT, "此设备密钥已登记，请重新生成", "This device key is enrolled already; make a new one";
    /// The signature does not match.
    BadSignature = "bad-signature", FORBIDDEN, "签名不符", "The signature does not match";
    /// Too many failures; wait.
    TooManyTries = "too-many-tries", TOO_MANY_REQUESTS, "尝试次数过多", "Too many tries";
    /// Nobody is signed in.
    SignInNeeded = "sign-in-needed", UNAUTHORIZED, "请先登录", "Sign in first";
    /// Number and password do not match an account.
    SignInFailed = "sign-in-failed", UNAUTHORIZED, "工号或密码不正确", "Number or password is wrong";
    /// Whoever asks may not.
    Forbidden = "forbidden", FORBIDDEN, "您没有此权限", "You may not do this";
    /// The request comes from another site's page.
    CrossOrigin = "cross-origin", FORBIDDEN, "请求来自其他网站，已拒绝", "The request comes from another site and is refused";
    /// The one-time link was used or replaced.
    SetupUsed = "setup-used", GONE, "此一次性链接已失效；若尚无管理员，请重新启动服务以获取新链接", "This one-time link no longer holds; where there is no administrator yet, restart the relay for a new one";
    /// The sign-in link was used, or its time has run out.
    LinkUsed = "link-used", GONE, "此登录链接已使用或已过期，请用工号和密码登录", "This sign-in link was used or has expired; sign in with number and password";
    /// The request is meant for another member than the one whose session it carries.
    AnotherMember = "another-member", CONFLICT, "本浏览器已改由他人登录，此操作未执行；请刷新页面，以现在登录的身份办理", "Somebody else is signed in at this browser now, and nothing was done: reload the page to go on as them";
    /// The six digits are not the device's.
    CodeMismatch = "code-mismatch", CONFLICT, "六位数字与设备不符，请核对设备屏幕", "These are not the device's digits; compare with its screen";
    /// The rules refuse the act; `refusal` names the reason.
    Refused = "refused", CONFLICT, "按规则不能进行此操作", "The rules do not allow this";
    /// No record that the caller may see names this blob with this size.
    PhotoNotNamed = "photo-not-named", CONFLICT, "没有记录登记此照片：请先同步记录，再上传照片", "No record names this photo: sync the record first, then send the photo";
    /// The photo is larger than the relay takes.
    PhotoTooLarge = "photo-too-large", PAYLOAD_TOO_LARGE, "照片过大，超出服务器上限", "The photo is larger than the relay takes";
    /// The whole has another hash than the record says.
    PhotoHashMismatch = "photo-hash-mismatch", UNPROCESSABLE_ENTITY, "照片内容与记录不符，已丢弃，请重新上传", "The photo's bytes are not those that the record names; they were thrown away, send them again";
    /// The disk, or what may be used of it for photos, is full.
    PhotoStorageFull = "photo-storage-full", INSUFFICIENT_STORAGE, "服务器照片空间已满，请联系管理员；照片仍保留在本机", "The relay has no room for photos; tell the administrator; the photo stays on the device";
    /// There is no such upload of the caller's, or it has rested for too long.
    UploadUnknown = "upload-unknown", NOT_FOUND, "上传不存在或已过期，请重新开始", "There is no such upload, or it has expired; begin anew";
    /// The upload stands elsewhere than the request says.
    UploadElsewhere = "upload-elsewhere", CONFLICT, "续传位置不符，请查询后继续", "The upload stands elsewhere; ask where, and go on from there";
    /// A request's bytes have another checksum than it says.
    ChecksumMismatch = "checksum-mismatch", BAD_REQUEST, "数据校验不符，请重新发送本段", "The bytes do not have their checksum; send them again";
    /// Another request works on the upload.
    UploadInUse = "upload-in-use", LOCKED, "此照片正在上传，请稍后自动重试", "The photo is being sent by another request; try again shortly";
    /// Too many uploads of the caller's are under way.
    TooManyUploads = "too-many-uploads", TOO_MANY_REQUESTS, "未完成的上传过多，请先完成或取消", "Too many uploads are unfinished; finish or cancel some";
    /// The request is not of tus 1.0.0.
    TusVersion = "tus-version", PRECONDITION_FAILED, "上传协议版本不符，需要 tus 1.0.0", "The upload protocol must be tus 1.0.0";
    /// The asked range lies outside.
    RangeNotSatisfiable = "range-not-satisfiable", RANGE_NOT_SATISFIABLE, "请求范围超出内容", "The range lies outside of the content";
}

/// The status that tus 1.0.0 gives to bytes without their checksum; HTTP itself has none there.
const TUS_CHECKSUM_MISMATCH: u16 = 460;

impl ProblemKind {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        let listed = self.listed_status();
        match self {
            Self::ChecksumMismatch => StatusCode::from_u16(TUS_CHECKSUM_MISMATCH).unwrap_or(listed),
            _ => listed,
        }
    }
}

/// An error on its way to a client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What went wrong.
    pub kind: ProblemKind,
    /// More about this case, in Chinese and in English.
    pub detail: Option<(String, String)>,
    /// Further members of the JSON object.
    pub members: Map<String, Value>,
    /// After how many seconds another try makes sense.
    pub retry_after_s: Option<u64>,
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        let retry_after_s = matches!(
            kind,
            ProblemKind::Busy | ProblemKind::Stopping | ProblemKind::UploadInUse
        )
        .then_some(2);
        Self {
            kind,
            detail: None,
            members: Map::new(),
            retry_after_s,
        }
    }
}

impl Problem {
    /// A problem of one field of the body.
    pub fn field(field: &str, zh: &str, en: &str) -> Self {
        let problem = Self::from(ProblemKind::Invalid).with("field", json!(field));
        problem.detail(zh, en)
    }

    /// A try that has to wait for so long.
    pub fn too_many_tries(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        Self::from(ProblemKind::TooManyTries)
            .retry_after(seconds)
            .detail(
                format!("请在 {seconds} 秒后再试"),
                format!("Try again in {seconds} s"),
            )
    }

    /// Adds what is particular about this case, in Chinese and in English.
    #[must_use]
    pub fn detail(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.detail = Some((zh.into(), en.into()));
        self
    }

    /// Adds a member to the JSON object.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Says after how many seconds another try makes sense.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The response in a language.
    pub fn render(&self, language: Language) -> Response {
        let status = self.kind.status();
        let mut body = self.members.clone();
        let uri = format!("urn:vanguard:problem:{}", self.kind.slug());
        body.insert("type".into(), uri.into());
        body.insert("title".into(), self.kind.title(language).into());
        body.insert("status".into(), status.as_u16().into());
        if let Some((zh, en)) = &self.detail {
            let is_english = language == Language::English;
            body.insert(
                "detail".into(),
                if is_english { en } else { zh }.as_str().into(),
            );
        }
        let mut response = Response::new(Body::from(Value::Object(body).to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let media = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, media);
        let tag = language::tag(language);
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == ProblemKind::CredentialUnknown {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(Language::default());
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for ProblemKind {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// The layer that tells problems in the language that the client asks for.
pub(super) async fn localise(request: Request, next: Next) -> Response {
    let language = language::preferred(request.headers());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    if language == Language::default() {
        return response;
    }
    let mut rendered = problem.render(language);
    for (name, value) in response.headers() {
        if !rendered.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    rendered
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        tracing::error!(%error, "access.db does not answer");
        ProblemKind::Internal.into()
    }
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Unknown => ProblemKind::InviteUnknown.into(),
            EnrolError::Expired => ProblemKind::InviteExpired.into(),
            EnrolError::Used => ProblemKind::InviteUsed.into(),
            EnrolError::KeyInUse => ProblemKind::KeyInUse.into(),
            EnrolError::Access(error) => error.into(),
        }
    }
}

impl From<RelayError> for Problem {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Busy => ProblemKind::Busy.into(),
            RelayError::Stopped => ProblemKind::Stopping.into(),
            RelayError::TooOld => ProblemKind::ClientTooOld.into(),
            RelayError::Malformed(detail) => {
                Self::from(ProblemKind::BadRequest).detail(detail.clone(), detail)
            }
            RelayError::Full => {
                tracing::error!("the disk is full");
                ProblemKind::StorageFull.into()
            }
            RelayError::Storage(error) => {
                tracing::error!(%error, "the log does not answer");
                ProblemKind::Internal.into()
            }
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Unknown => ProblemKind::UploadUnknown.into(),
            BlobError::TooLarge => ProblemKind::PhotoTooLarge.into(),
            BlobError::TooMany => ProblemKind::TooManyUploads.into(),
            BlobError::Full => {
                tracing::error!("there is no room for photos");
                ProblemKind::PhotoStorageFull.into()
            }
            BlobError::Busy => ProblemKind::UploadInUse.into(),
            BlobError::Elsewhere { at } => {
                Self::from(ProblemKind::UploadElsewhere).with("offset", at.into())
            }
            BlobError::WrongHash => ProblemKind::PhotoHashMismatch.into(),
            BlobError::WrongChecksum => ProblemKind::ChecksumMismatch.into(),
            BlobError::Stopped => ProblemKind::Stopping.into(),
            BlobError::Store(_) | BlobError::Book(_) => {
                tracing::error!(%error, "the photos' store does not answer");
                ProblemKind::Internal.into()
            }
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Relay(error) => error.into(),
            ActError::Refused { index, refusal } => Self::from(ProblemKind::Refused)
                .detail(
                    refusal.label(Language::Chinese),
                    refusal.label(Language::English),
                )
                .with("refusal", refusal.as_str().into())
                .with("index", index.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_problem_has_a_name_of_its_own_and_words_in_both_languages() {
        let slugs: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
            assert!(!kind.title(Language::Chinese).is_ascii(), "{kind:?}");
            assert!(kind.title(Language::English).is_ascii(), "{kind:?}");
        }
    }
}
