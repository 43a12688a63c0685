//! What a client may ask for on the Kalshi stream, read from its JSON (kalshi.md §3).

use serde_json::Value;

/// A channel of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Books,
    Trades,
    Lifecycle,
    Fills,
    Orders,
    Index,
    /// Known to the venue; subscribed to without anything ever being said on it.
    Silent,
}

impl Channel {
    pub(super) fn from_word(word: &str) -> Option<Channel> {
        match word {
            "orderbook_delta" => Some(Channel::Books),
            "trade" => Some(Channel::Trades),
            "market_lifecycle_v2" => Some(Channel::Lifecycle),
            "fill" => Some(Channel::Fills),
            "user_orders" => Some(Channel::Orders),
            "cfbenchmarks_value" => Some(Channel::Index),
            "ticker" | "market_positions" | "order_group_updates" | "communications" => Some(Channel::Silent),
            _ => None,
        }
    }
}

/// What to do with the markets of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Delete,
    Snapshot,
}

/// One thing asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Subscribe { channels: Vec<String>, tickers: Vec<String>, use_yes_price: bool, index_ids: Vec<String> },
    Unsubscribe { sids: Vec<u64> },
    Update { sid: u64, action: Action, tickers: Vec<String> },
    List,
}

/// A refusal: the venue's code and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CommandFault {
    pub(super) code: u32,
    pub(super) text: &'static str,
}

impl CommandFault {
    pub(super) const UNREADABLE: CommandFault = CommandFault { code: 1, text: "Unable to process message" };
    const PARAMS: CommandFault = CommandFault { code: 2, text: "Params required" };
    const CHANNELS: CommandFault = CommandFault { code: 3, text: "Channels required" };
    const SIDS: CommandFault = CommandFault { code: 4, text: "Subscription IDs required" };
    const COMMAND: CommandFault = CommandFault { code: 5, text: "Unknown command" };
    pub(super) const UNKNOWN_SID: CommandFault = CommandFault { code: 7, text: "Unknown subscription ID" };
    pub(super) const UNKNOWN_CHANNEL: CommandFault = CommandFault { code: 8, text: "Unknown channel name" };
    pub(super) const UNKNOWN_MARKET: CommandFault = CommandFault { code: 11, text: "Unknown market ticker" };
    const ONE_SID: CommandFault = CommandFault { code: 12, text: "Exactly one subscription ID is required" };
    const BAD_ACTION: CommandFault = CommandFault { code: 13, text: "Unknown action" };
    pub(super) const TICKERS: CommandFault = CommandFault { code: 14, text: "Market ticker required" };
    const ACTION: CommandFault = CommandFault { code: 15, text: "Action required" };
    pub(super) const INDEX: CommandFault = CommandFault { code: 24, text: "Index IDs required" };
}

/// The number of a command (0 where it has none) and the command, or what is wrong with it.
pub(super) fn read(frame: &[u8]) -> (u64, Result<Command, CommandFault>) {
    let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(frame) else {
        return (0, Err(CommandFault::UNREADABLE));
    };
    let Some(id) = object.get("id").and_then(Value::as_u64).filter(|id| *id > 0) else {
        return (0, Err(CommandFault::UNREADABLE));
    };
    let none = Value::Null;
    let params = object.get("params").unwrap_or(&none);
    let command = match object.get("cmd").and_then(Value::as_str) {
        Some("list_subscriptions") => Ok(Command::List),
        Some("subscribe" | "unsubscribe" | "update_subscription") if !params.is_object() => Err(CommandFault::PARAMS),
        Some("subscribe") => subscribe(params),
        Some("unsubscribe") => sids(params).map(|sids| Command::Unsubscribe { sids }),
        Some("update_subscription") => update(params),
        _ => Err(CommandFault::COMMAND),
    };
    (id, command)
}

fn subscribe(params: &Value) -> Result<Command, CommandFault> {
    let channels = words(&params["channels"]);
    if channels.is_empty() {
        return Err(CommandFault::CHANNELS);
    }
    let use_yes_price = params["use_yes_price"].as_bool().unwrap_or(false);
    let index_ids = words(&params["index_ids"]);
    Ok(Command::Subscribe { channels, tickers: tickers(params), use_yes_price, index_ids })
}

fn update(params: &Value) -> Result<Command, CommandFault> {
    let sid = match (params["sid"].as_u64(), sids(params)) {
        (Some(sid), Err(_)) => sid,
        (None, Ok(sids)) if sids.len() == 1 => sids[0],
        (None, Err(fault)) => return Err(fault),
        (_, Ok(_)) => return Err(CommandFault::ONE_SID),
    };
    let action = match params["action"].as_str() {
        Some("add_markets") => Action::Add,
        Some("delete_markets") => Action::Delete,
        Some("get_snapshot") => Action::Snapshot,
        Some(_) => return Err(CommandFault::BAD_ACTION),
        None => return Err(CommandFault::ACTION),
    };
    let tickers = tickers(params);
    if tickers.is_empty() { Err(CommandFault::TICKERS) } else { Ok(Command::Update { sid, action, tickers }) }
}

fn sids(params: &Value) -> Result<Vec<u64>, CommandFault> {
    let sids = params["sids"].as_array().map(|sids| sids.iter().filter_map(Value::as_u64).collect::<Vec<_>>());
    sids.filter(|sids| !sids.is_empty()).ok_or(CommandFault::SIDS)
}

/// `market_tickers`, or the one `market_ticker`.
fn tickers(params: &Value) -> Vec<String> {
    match params["market_ticker"].as_str() {
        Some(one) => vec![one.to_owned()],
        None => words(&params["market_tickers"]),
    }
}

fn words(list: &Value) -> Vec<String> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(frame: &str) -> u32 {
        read(frame.as_bytes()).1.map_or_else(|fault| fault.code, |_| 0)
    }

    #[test]
    fn garbage_has_the_venues_code() {
        assert_eq!(code("{"), 1);
        assert_eq!(code("[1]"), 1);
        assert_eq!(code(r#"{"cmd":"subscribe"}"#), 1);
        assert_eq!(code(r#"{"id":1,"cmd":"subscribe"}"#), 2);
        assert_eq!(code(r#"{"id":1,"cmd":"subscribe","params":{}}"#), 3);
        assert_eq!(code(r#"{"id":1,"cmd":"unsubscribe","params":{}}"#), 4);
        assert_eq!(code(r#"{"id":1,"cmd":"sing","params":{}}"#), 5);
        assert_eq!(code(r#"{"id":1,"cmd":"update_subscription","params":{"sids":[1,2],"action":"add_markets"}}"#), 12);
        assert_eq!(code(r#"{"id":1,"cmd":"update_subscription","params":{"sids":[1],"action":"eat"}}"#), 13);
        assert_eq!(code(r#"{"id":1,"cmd":"update_subscription","params":{"sids":[1],"action":"add_markets"}}"#), 14);
        assert_eq!(code(r#"{"id":1,"cmd":"update_subscription","params":{"sid":1,"market_ticker":"A"}}"#), 15);
    }
}
