//! Fills are told by the stream and again by the account's lists: whose each is, and each once.

use super::memory::{Fading, Seen};
use trader_journal::event::{ClientId, Event, Uuid};

/// The first half of a fill.
#[derive(Clone, Copy, Debug, Default)]
struct Filling {
    trade: Uuid,
    client: ClientId,
}

/// The fills told so far.
#[derive(Debug, Default)]
pub(super) struct Fills {
    filling: Filling,
    /// Whose an order of the venue's is: the list of fills by REST does not say.
    names: Fading<Uuid, ClientId>,
    trades: Seen<Uuid>,
}

impl Fills {
    /// Learns from replies and first halves.
    pub(super) fn hear(&mut self, event: &Event) {
        match *event {
            Event::OrderAccepted { client, order, .. } | Event::OrderIds { client, order, .. } => {
                self.names.insert(order, client);
                // Its fills come with it, or soon.
                self.names.finish(order);
            }
            Event::FillTrade { trade, client, .. } => self.filling = Filling { trade, client },
            _ => {}
        }
    }

    /// Whose order the fill is of whose second half came; `None` when it was told before.
    pub(super) fn whose(&mut self, order: Uuid) -> Option<ClientId> {
        let Filling { trade, client } = std::mem::take(&mut self.filling);
        let named = if client == ClientId::FOREIGN { self.names.get(&order).copied() } else { Some(client) };
        self.trades.insert(trade).then_some(named.unwrap_or(client))
    }
}
