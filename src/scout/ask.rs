//! One question over HTTPS: asked, with a deadline, and answered or told why not.
//!
//! Nothing is followed and nothing is tried twice here: who asks decides what a failure is worth.

use super::tls::TlsConnector;
use super::{Api, Question};
use crate::clock;
use crate::signer::Key;
use crate::skew::SkewRange;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use trader_journal::units::Nanos;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Agent, Body};

/// An idle connection is used again up to this age: servers close older ones about when they are needed.
const IDLE_MAX: Duration = Duration::from_secs(12);
/// The longest pause a server may ask for, s.
const PAUSE_MAX_S: u64 = 300;

/// Where to ask, and how.
#[derive(Clone)]
pub struct AskSettings {
    /// Kalshi's REST address, as `https://host:port` and whatever path.
    pub kalshi_url: String,
    /// Binance's.
    pub binance_url: String,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
    /// Signs what Kalshi is asked; `None` asks as nobody.
    pub key: Option<Arc<Key>>,
    /// A call that takes longer has failed.
    pub timeout: Duration,
    /// The largest answer taken.
    pub answer_bytes_max: u64,
}

impl AskSettings {
    /// The deadline and the size of a configuration, with the addresses of Kalshi and of Binance.
    #[must_use]
    pub fn of(config: &crate::config::Config, urls: [&str; 2], tls: Arc<ClientConfig>) -> AskSettings {
        let [kalshi_url, binance_url] = urls.map(str::to_owned);
        let timeout = Duration::from_millis(config.scout.call_timeout_ms);
        AskSettings {
            kalshi_url,
            binance_url,
            tls,
            key: None,
            timeout,
            answer_bytes_max: config.capacity.frame_bytes_max,
        }
    }

    /// Signs what Kalshi is asked with `key`.
    #[must_use]
    pub fn signed(self, key: Arc<Key>) -> AskSettings {
        AskSettings { key: Some(key), ..self }
    }
}

/// Why a question was not answered, with the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// No connection, no whole answer, or none in time.
    #[error("no answer from {host}: {why}; asked again")]
    Transport {
        /// Who did not answer.
        host: String,
        /// What happened.
        why: String,
    },
    /// The server is in trouble.
    #[error("{host} answers {status}; asked again when it may be over")]
    Server {
        /// Who.
        host: String,
        /// 408 or 5xx.
        status: u16,
    },
    /// Too many questions.
    #[error("{host} answers {status}, too many questions: a pause; ask less often with [polls] if it goes on")]
    Busy {
        /// Who.
        host: String,
        /// 429, or 418 from Binance.
        status: u16,
        /// The pause it asks for, if it says, s.
        pause_s: Option<u64>,
    },
    /// The key, the clock or the environment is wrong.
    #[error("{host} answers {status}: {why}")]
    Refused {
        /// Who.
        host: String,
        /// 401 or 403.
        status: u16,
        /// Which of them, and what to do.
        why: &'static str,
    },
    /// It lives elsewhere.
    #[error("{host} answers {status}, it has moved: correct its address in the configuration")]
    Moved {
        /// Who.
        host: String,
        /// 3xx.
        status: u16,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Our clock less the server's; `None` when it does not tell the time.
    pub skew: Option<SkewRange>,
}

/// Asks.
pub struct Asker {
    agent: Agent,
    settings: AskSettings,
}

impl Asker {
    /// An asker without a connection yet.
    #[must_use]
    pub fn new(mut settings: AskSettings) -> Asker {
        settings.kalshi_url = origin(&settings.kalshi_url).to_owned();
        settings.binance_url = origin(&settings.binance_url).to_owned();
        let config = Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("kalshi-trader/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(settings.timeout))
            .max_idle_age(IDLE_MAX)
            .build();
        let connector = TcpConnector::default().chain(TlsConnector(Arc::clone(&settings.tls)));
        Asker { agent: Agent::with_parts(config, connector, DefaultResolver::default()), settings }
    }

    /// Ends the call that is on its way in another thread, and every later one: to hold apart from the asker.
    pub fn breaker(&self) -> impl Fn() + Send + Sync + 'static {
        let agent = self.agent.clone();
        move || agent.clone().shutdown()
    }

    /// Asks once. Any definite answer is an answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure`]: the same question may be asked again.
    pub fn ask(&self, question: &Question) -> Result<Answer, Failure> {
        let origin = match question.api {
            Api::Kalshi => &self.settings.kalshi_url,
            Api::Binance => &self.settings.binance_url,
        };
        let host = origin.trim_start_matches("https://").to_owned();
        let mut request = self.agent.get(format!("{origin}{}", question.target));
        if let (Api::Kalshi, Some(key)) = (question.api, &self.settings.key) {
            for (name, value) in key.headers(clock::wall(), "GET", &question.target) {
                request = request.header(name, value);
            }
        }
        let asked = clock::wall();
        let read = request.call().and_then(|reply| self.read(reply, asked));
        let (answer, pause_s) = read.map_err(|why| Failure::Transport { host: host.clone(), why: told(&why) })?;
        judge(host, answer, pause_s)
    }

    fn read(&self, mut reply: ureq::http::Response<Body>, asked: Nanos) -> Result<(Answer, Option<u64>), ureq::Error> {
        let text = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok());
        let skew = text("date").and_then(|date| skew(asked, clock::wall(), date));
        let pause_s = text("retry-after").and_then(|pause| pause.trim().parse().ok());
        let status = reply.status().as_u16();
        let body = reply.body_mut().with_config().limit(self.settings.answer_bytes_max).read_to_vec()?;
        Ok((Answer { status, body, skew }, pause_s))
    }
}

fn judge(host: String, answer: Answer, pause_s: Option<u64>) -> Result<Answer, Failure> {
    let status = answer.status;
    match status {
        300..=399 => Err(Failure::Moved { host, status }),
        401 | 403 => Err(Failure::Refused { host, status, why: refusal(&answer.body) }),
        418 | 429 => Err(Failure::Busy { host, status, pause_s: pause_s.map(|pause_s: u64| pause_s.min(PAUSE_MAX_S)) }),
        408 | 500.. => Err(Failure::Server { host, status }),
        _ => Ok(answer),
    }
}

/// What a 401 complains of: the venue says it in its details.
fn refusal(body: &[u8]) -> &'static str {
    let holds = |word: &str| body.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    match () {
        () if holds("timestamp_expired") => {
            "this machine's clock is wrong; set it by NTP (the venue takes a few seconds of difference, no more)"
        }
        () if holds("INCORRECT_API_KEY_SIGNATURE") => {
            "the key file does not belong to the key id; name the file that was downloaded with this id"
        }
        () if holds("NOT_FOUND") => {
            "the key id is not known there; use the id of this environment, demo and production have keys of their own"
        }
        () if holds("signature_is_missing") => "the signature's headers were lost on the way; use no proxy",
        () => "the key may not do this; look at its scopes, and at whether it is of this environment",
    }
}

/// What went wrong, without the words of a program.
fn told(why: &ureq::Error) -> String {
    match why {
        ureq::Error::Timeout(_) => "it took too long; look at the network and at [scout] call_timeout_ms".into(),
        ureq::Error::BodyExceedsLimit(bytes) => {
            format!("it has more than {bytes} bytes; raise capacity.frame_bytes_max")
        }
        ureq::Error::HostNotFound => "there is no such host; look at its address and at the network".into(),
        ureq::Error::Io(why) => why.to_string(),
        other => other.to_string(),
    }
}

/// `https://host:port` of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    &url[..url[host..].find('/').map_or(url.len(), |end| host + end)]
}

/// Our clock less that of a `Date` header, which names the second that has begun.
fn skew(asked: Nanos, heard: Nanos, date: &str) -> Option<SkewRange> {
    SkewRange::of_date(asked, heard, jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_address_without_its_path() {
        assert_eq!(origin("https://127.0.0.1:8443/trade-api/v2"), "https://127.0.0.1:8443");
        assert_eq!(origin("https://api.binance.com"), "https://api.binance.com");
        assert_eq!(origin("https://[::1]:443/x/y"), "https://[::1]:443");
    }

    #[test]
    fn a_date_tells_how_far_the_clocks_are_apart() {
        let at = Nanos(1_700_000_000 * Nanos::SECOND);
        let skew_ns = |asked, heard, date| skew(asked, heard, date).map(|range| range.middle_ns());
        assert_eq!(skew_ns(at, at, "Tue, 14 Nov 2023 22:13:20 GMT"), Some(-500_000_000));
        let later = at.plus(3 * Nanos::SECOND);
        assert_eq!(skew_ns(later, later, "Tue, 14 Nov 2023 22:13:20 GMT"), Some(2_500_000_000));
        assert_eq!(skew_ns(at, at, "yesterday"), None);
    }

    #[test]
    fn a_401_says_which_of_key_clock_and_environment_is_wrong() {
        let said = |details: &str| {
            refusal(format!(r#"{{"error":{{"code":"authentication_error","details":"{details}"}}}}"#).as_bytes())
        };
        assert!(said("INCORRECT_API_KEY_SIGNATURE").contains("key file"));
        assert!(said("NOT_FOUND").contains("key id"));
        assert!(said("header_timestamp_expired").contains("clock"));
        assert!(said("signature_is_missing_from_headers").contains("proxy"));
        assert!(said("").contains("scopes"));
    }
}
