//! Events of a range of blocks, page by page.

use std::sync::Arc;

use starknet_rust_core::types::{
    AddressFilter, BlockId, BlockTag, EmittedEvent, Event, EventFilter, EventFilterWithPage, EventsPage, StarknetError,
};
use starknet_types_core::felt::Felt;

use crate::{
    NodeView, ViewError,
    api::{Api, Found, find},
    args::Args,
    error::{invalid_params, starknet},
    methods::Reply,
};

/// Most events of a page.
const MAX_PAGE: u64 = 1_024;
/// Most blocks that one call reads; what is beyond comes with the next page.
const MAX_BLOCKS: u64 = 1_024;
/// Most keys of a filter, alternatives counted.
const MAX_KEYS: usize = 1_024;

/// Where a page begins: a block, and how many of its matching events were told before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    height: u64,
    skip: u64,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let (height, skip) = text.split_once('-')?;
        Some(Self { height: height.parse().ok()?, skip: skip.parse().ok()? })
    }

    fn text(self) -> String {
        format!("{}-{}", self.height, self.skip)
    }
}

pub(crate) async fn get_events(api: Arc<Api>, mut args: Args) -> Reply<EventsPage> {
    let EventFilterWithPage { event_filter: filter, result_page_request: page } = args.take("filter")?;
    if page.chunk_size == 0 {
        return Err(invalid_params("`filter.chunk_size` is at least 1".to_owned()));
    }
    if page.chunk_size > MAX_PAGE {
        return Err(starknet(&StarknetError::PageSizeTooBig));
    }
    if filter.keys.iter().flatten().map(|any| any.len().max(1)).sum::<usize>() > MAX_KEYS {
        return Err(starknet(&StarknetError::TooManyKeysInFilter));
    }
    let from = match page.continuation_token.as_deref().map(Cursor::parse) {
        None => None,
        Some(Some(cursor)) => Some(cursor),
        Some(None) => return Err(starknet(&StarknetError::InvalidContinuationToken)),
    };
    let to = filter.to_block;
    let end = api.ask(move |view| bound(view, to.unwrap_or(BlockId::Tag(BlockTag::Latest)))).await?;
    // An event names its block by hash: what is read is waited for.
    if let Some(end) = end {
        api.wait_for_hash(end).await;
    }
    api.ask(move |view| read(view, &filter, from, end, page.chunk_size)).await
}

/// The last block that `id` stands for; `None` before the first.
fn bound(view: &dyn NodeView, id: BlockId) -> Result<Option<u64>, ViewError> {
    match id {
        BlockId::Tag(BlockTag::Latest | BlockTag::PreConfirmed) => view.head(),
        id => match find(view, id)? {
            Found::Committed(height) => Ok(Some(height)),
            Found::Next(_) => view.head(),
        },
    }
}

fn read(
    view: &dyn NodeView,
    filter: &EventFilter,
    from: Option<Cursor>,
    end: Option<u64>,
    page: u64,
) -> Result<EventsPage, ViewError> {
    let mut events = Vec::new();
    let none = EventsPage { events: Vec::new(), continuation_token: None };
    let Some(end) = end else { return Ok(none) };
    let begin = match (from, filter.from_block) {
        (Some(cursor), _) => cursor,
        (None, None) => Cursor { height: view.first_height(), skip: 0 },
        (None, Some(BlockId::Tag(BlockTag::PreConfirmed))) => return Ok(none),
        (None, Some(id)) => match find(view, id)? {
            Found::Committed(height) => Cursor { height, skip: 0 },
            Found::Next(_) => return Ok(none),
        },
    };
    let mut skip = begin.skip;
    for height in begin.height..=end {
        if height - begin.height == MAX_BLOCKS {
            let cursor = Cursor { height, skip: 0 };
            return Ok(EventsPage { events, continuation_token: Some(cursor.text()) });
        }
        let Some(block) = view.events(height)? else { break };
        let mut seen = 0;
        for (transaction_index, (transaction_hash, emitted)) in (0_u64..).zip(block.transactions) {
            for (event_index, event) in (0_u64..).zip(emitted) {
                if !matches(filter, &event) {
                    continue;
                }
                seen += 1;
                if seen <= skip {
                    continue;
                }
                if events.len() as u64 == page {
                    let cursor = Cursor { height, skip: seen - 1 };
                    return Ok(EventsPage { events, continuation_token: Some(cursor.text()) });
                }
                events.push(EmittedEvent {
                    from_address: event.from_address,
                    keys: event.keys,
                    data: event.data,
                    block_hash: block.block_hash,
                    block_number: Some(height),
                    transaction_hash,
                    transaction_index,
                    event_index,
                });
            }
        }
        skip = 0;
    }
    Ok(EventsPage { events, continuation_token: None })
}

/// Whether the event is from one of the addresses, and has at each place one of the keys that the filter names there. A
/// place without keys takes any key, and needs none.
fn matches(filter: &EventFilter, event: &Event) -> bool {
    let from: &[Felt] = match &filter.address {
        None => &[],
        Some(AddressFilter::Single(address)) => std::slice::from_ref(address),
        Some(AddressFilter::Multiple(addresses)) => addresses,
    };
    let keys = filter.keys.as_deref().unwrap_or_default();
    (from.is_empty() || from.contains(&event.from_address))
        && keys
            .iter()
            .enumerate()
            .all(|(place, any)| any.is_empty() || event.keys.get(place).is_some_and(|key| any.contains(key)))
}
