// Judges the mock exchange with the official TypeScript SDK: `node judge.mjs DESCRIPTION RECORD`.
//
// The SDK is found in the folder JUDGE_MODULES/node_modules and checks no body at run time, so every
// member is checked here. The exchange's certificate is trusted with NODE_EXTRA_CA_CERTS.
// It signs with RSA alone.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { randomBytes, randomUUID } from "node:crypto";
import https from "node:https";

const require = createRequire(`${process.env.JUDGE_MODULES}/`);
const sdk = require("kalshi-typescript");
const { KalshiAuth } = require("kalshi-typescript/dist/auth.js");

const SERIES = "KXBTC15M";
const SHARD = 2;
const ROOT = "/trade-api/v2";
const NOBODY = "00000000-0000-4000-8000-000000000000";
const MICROS = 1_000_000n;

const [descriptionPath, recordPath] = process.argv.slice(2);
const description = JSON.parse(readFileSync(descriptionPath, "utf8").split("\n")[0]);
const pem = readFileSync(description.key_path, "utf8");
const configuration = new sdk.Configuration({ apiKey: description.key_id, privateKeyPem: pem, basePath: description.rest_url });
const markets = new sdk.MarketApi(configuration);
const exchange = new sdk.ExchangeApi(configuration);
const orders = new sdk.OrdersApi(configuration);
const portfolio = new sdk.PortfolioApi(configuration);
const auth = new KalshiAuth(description.key_id, pem);
const url = new URL(description.rest_url);
const clientIds = [];

// ---- checks ----------------------------------------------------------------------------------------

let passed = 0;
const failed = [];

async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok ts: ${name}`);
  } catch (error) {
    failed.push(name);
    const answer = error.response ? ` ${error.response.status} ${JSON.stringify(error.response.data)}` : "";
    console.log(`FAILED ts: ${name}: ${error.message}${answer}`);
    if (!(error instanceof Wrong) && !error.response) console.log(error.stack);
  }
}

class Wrong extends Error {}

const text = (value) => JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}` : member));

function equal(came, expected, what) {
  if (text(came) !== text(expected)) throw new Wrong(`${what}: expected ${text(expected)}, got ${text(came)}`);
}

function holds(fact, what) {
  if (!fact) throw new Wrong(what);
}

async function until(probe, what, patienceMs = 15_000) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Wrong(`${what}: not within ${patienceMs} ms`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

async function refused(status, code, call) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    if (!error.response) throw error;
    equal([error.response.status, errorCode(error.response.data)], [status, code], "refusal");
    return error.response.data;
  }
  throw new Wrong(`refusal ${status} ${code} expected, got ${text(answer.data)}`);
}

const errorCode = (body) => (typeof body?.error === "object" ? body.error.code : body?.code);

/// A decimal string times ten to the `places`, exactly.
function fixed(value, places) {
  holds(typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value), `a decimal string expected, got ${text(value)}`);
  const [whole, part = ""] = value.replace("-", "").split(".");
  holds(part.replace(/0+$/, "").length <= places, `${value} has more than ${places} places`);
  const number = BigInt(whole + part.padEnd(places, "0").slice(0, places));
  return value.startsWith("-") ? -number : number;
}

const micros = (value) => fixed(value, 6);
const hundredths = (value) => fixed(value, 2);

function has(object, members, what) {
  for (const [name, type] of Object.entries(members)) {
    const value = object[name];
    const right = typeof type === "function" ? type(value) : typeof value === type;
    holds(right, `${what}: ${name} is ${text(value)}`);
  }
}

const decimal = (value) => typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
const time = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
const oneOf = (...words) => (value) => words.includes(value);

// ---- requests --------------------------------------------------------------------------------------

/// A request by hand; gives status and parsed body.
function raw(method, path, { body, headers } = {}) {
  const signed = headers ?? auth.generateAuthHeaders(method, ROOT + path.split("?")[0]);
  const content = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const options = { host: url.hostname, port: url.port, method, path: ROOT + path, headers: { ...signed } };
  if (content !== undefined) Object.assign(options.headers, { "content-type": "application/json", "content-length": Buffer.byteLength(content) });
  return new Promise((resolve, reject) => {
    const request = https.request(options, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("end", () => {
        const whole = Buffer.concat(parts).toString();
        try {
          resolve([reply.statusCode, whole === "" ? null : JSON.parse(whole)]);
        } catch {
          reject(new Wrong(`${method} ${path}: status ${reply.statusCode}, no JSON: ${whole.slice(0, 200)}`));
        }
      });
    });
    request.on("error", reject);
    request.end(content);
  });
}

/// Keeps a market's book alive: makers quote what somebody watches. Frames are thrown away.
function watch(ticker) {
  const stream = new URL(description.ws_url);
  const headers = {
    ...auth.generateAuthHeaders("GET", stream.pathname),
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
  };
  return new Promise((resolve, reject) => {
    const request = https.request({ host: stream.hostname, port: stream.port, path: stream.pathname, headers });
    request.on("upgrade", (_, socket) => {
      const command = Buffer.from(text({ id: 1, cmd: "subscribe", params: { channels: ["orderbook_delta"], market_tickers: [ticker], use_yes_price: true } }));
      holds(command.length > 125 && command.length < 65536, "a frame with a length of two bytes");
      // The mask is nothing but zeros, which is a mask as well.
      socket.write(Buffer.concat([Buffer.from([0x81, 0xfe, command.length >> 8, command.length & 255, 0, 0, 0, 0]), command]));
      socket.on("error", () => {});
      socket.resume();
      resolve(() => socket.destroy());
    });
    request.on("response", (reply) => reject(new Wrong(`upgrade answered with ${reply.statusCode}`)));
    request.on("error", reject);
    request.end();
  });
}

function order(ticker, side, price, count, more = {}) {
  clientIds.push(randomUUID());
  return {
    ticker,
    side,
    price,
    count,
    time_in_force: "good_till_canceled",
    self_trade_prevention_type: "taker_at_cross",
    client_order_id: clientIds.at(-1),
    exchange_index: SHARD,
    ...more,
  };
}

async function create(...asked) {
  const wanted = order(...asked);
  const reply = await orders.createOrderV2(wanted);
  equal(reply.status, 201, "status of a create");
  has(reply.data, { order_id: "string", fill_count: decimal, remaining_count: decimal, ts_ms: "number" }, "create");
  equal(reply.data.client_order_id, wanted.client_order_id, "client_order_id");
  return reply.data;
}

async function every(page) {
  const rows = [];
  let cursor;
  do {
    const [got, next] = await page(cursor);
    rows.push(...got);
    cursor = next;
  } while (cursor);
  return rows;
}

const allOrders = (ticker, status) =>
  every(async (cursor) => {
    const { data } = await orders.getOrders(ticker, undefined, undefined, undefined, status, 50, cursor);
    return [data.orders, data.cursor];
  });
const allFills = (orderId) =>
  every(async (cursor) => {
    const { data } = await portfolio.getFills(undefined, orderId, undefined, undefined, 50, cursor);
    return [data.fills, data.cursor];
  });
const allSettlements = () =>
  every(async (cursor) => {
    const { data } = await portfolio.getSettlements(50, cursor);
    return [data.settlements, data.cursor];
  });
const allPositions = () =>
  every(async (cursor) => {
    const { data } = await portfolio.getPositions(cursor, 50);
    return [data.market_positions, data.cursor];
  });
const allMarkets = (limit) =>
  every(async (cursor) => {
    const { data } = await markets.getMarkets(limit, cursor);
    holds(data.markets.length <= limit, `${data.markets.length} rows on a page of ${limit}`);
    return [data.markets.map((row) => row.ticker), data.cursor];
  });
const resting = async (ticker) => new Set((await allOrders(ticker, "resting")).map((row) => row.order_id));

// ---- time and money --------------------------------------------------------------------------------

const { speed } = description.clock;
const marketMs = () => description.clock.market_start_ns / 1e6 + (Date.now() - description.clock.wall_start_ns / 1e6) * speed;

async function openMarket(leftS) {
  const left = Math.min(leftS * speed, 800) * 1000;
  const late = async () => {
    const { data } = await markets.getMarkets(10, undefined, undefined, SERIES, undefined, undefined, undefined, undefined, undefined, undefined, undefined, "open");
    return data.markets.find((row) => Date.parse(row.close_time) - marketMs() > left);
  };
  return until(late, "an open market", 3_000 + 2_000_000 / speed);
}

/// A quoted market well inside the grid, watched until `done` is called.
async function lively(leftS = 4) {
  for (const deadline = Date.now() + 3_000 + 4_000_000 / speed; Date.now() < deadline; ) {
    const { ticker } = await openMarket(leftS);
    const done = await watch(ticker);
    const quoted = async () => {
      const book = (await markets.getMarketOrderbook(ticker)).data.orderbook_fp;
      return book.yes_dollars.length > 0 && book.no_dollars.length > 0 ? book : null;
    };
    const book = await until(quoted, "a quoted book", 5_000).catch(() => null);
    const inside = (side) => book !== null && micros(book[side].at(-1)[0]) >= 50_000n;
    if (inside("yes_dollars") && inside("no_dollars")) return [ticker, done];
    done();
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Wrong("no market quoted between $0.05 and $0.95");
}

const floorDiv = (value, step) => (value >= 0n ? value / step : -((-value + step - 1n) / step));

/// Fee and change of the balance of each fill, oldest first, as the rules of 2026-08-26 have them.
function bookKeeping(fills) {
  const positions = new Map();
  const owed = new Map();
  return fills.map((fill) => {
    const [price, count] = [micros(fill.yes_price_dollars), hundredths(fill.count_fp)];
    const held = positions.get(fill.ticker) ?? 0n;
    const isBid = fill.book_side === "bid";
    const against = isBid ? -held : held;
    const closing = against <= 0n ? 0n : against < count ? against : count;
    const [gain, cost] = isBid ? [MICROS - price, price] : [price, MICROS - price];
    const revenue = (gain * closing - cost * (count - closing)) / 100n;
    positions.set(fill.ticker, held + (isBid ? count : -count));
    const tradeFee = fill.is_taker ? (7n * count * price * (MICROS - price) + 10_000n * MICROS - 1n) / (10_000n * MICROS) : 0n;
    const aligned = floorDiv(revenue - tradeFee, 100n) * 100n;
    let account = (owed.get(fill.order_id) ?? 0n) + revenue - tradeFee - aligned;
    const most = account < revenue - aligned ? account : revenue - aligned;
    const rebate = floorDiv(most, 100n) * 100n;
    owed.set(fill.order_id, account - rebate);
    return { fill, fee: revenue - aligned - rebate, change: aligned + rebate };
  });
}

async function cash() {
  const { data } = await portfolio.getBalance();
  has(data, { balance: "number", balance_dollars: decimal, portfolio_value: "number", updated_ts: "number" }, "balance");
  return micros(data.balance_dollars);
}

async function cashChange() {
  const rows = bookKeeping((await allFills()).reverse());
  const paid = (await allSettlements()).reduce((sum, row) => sum + BigInt(row.revenue) * 10_000n, 0n);
  return rows.reduce((sum, row) => sum + row.change, 0n) + paid;
}

// ---- what is judged --------------------------------------------------------------------------------

async function marketData() {
  await check("exchange status and schedule", async () => {
    const { data } = await exchange.getExchangeStatus();
    has(data, { exchange_active: "boolean", trading_active: "boolean" }, "status");
    holds((await exchange.getExchangeSchedule()).data.schedule.standard_hours.length > 0, "no standard hours");
    holds(time((await exchange.getUserDataTimestamp()).data.as_of_time), "as_of_time");
  });
  await check("the open market is listed with its terms", async () => {
    const market = await openMarket(2);
    const words = { ticker: "string", event_ticker: "string", title: "string", rules_primary: "string", price_level_structure: "string" };
    const money = { yes_bid_dollars: decimal, yes_ask_dollars: decimal, no_bid_dollars: decimal, no_ask_dollars: decimal, last_price_dollars: decimal };
    const counts = { volume_fp: decimal, volume_24h_fp: decimal, open_interest_fp: decimal, yes_bid_size_fp: decimal, yes_ask_size_fp: decimal };
    const times = { open_time: time, close_time: time, created_time: time, updated_time: time, latest_expiration_time: time };
    has(market, { ...words, ...money, ...counts, ...times, status: oneOf("active"), exchange_index: oneOf(SHARD) }, "market");
    equal(market.price_ranges[0], { start: "0.0000", end: "0.1000", step: "0.0010" }, "first price range");
    equal((await markets.getMarket(market.ticker)).data.market.ticker, market.ticker, "the market by name");
    equal((await markets.getSeries(SERIES)).data.series.fee_type, "quadratic", "fee_type");
  });
  await check("markets page by page are the unpaged list", async () => {
    const same = async () => {
      const [whole, paged, again] = [await allMarkets(1000), await allMarkets(41), await allMarkets(1000)];
      if (text(whole) !== text(again)) return null;
      equal(paged, whole, "pages");
      return whole;
    };
    holds((await until(same, "a list that stands still")).length > 100, "few markets");
  });
  await check("a book by REST is ascending and not crossed", async () => {
    const [ticker, done] = await lively();
    const book = (await markets.getMarketOrderbook(ticker)).data.orderbook_fp;
    done();
    for (const side of ["yes_dollars", "no_dollars"]) {
      const prices = book[side].map((row) => micros(row[0]));
      holds(prices.every((price, place) => place === 0 || prices[place - 1] < price), `${side}: ${text(prices)}`);
    }
    holds(micros(book.yes_dollars.at(-1)[0]) + micros(book.no_dollars.at(-1)[0]) < MICROS, "crossed");
    const { data } = await markets.getMarketOrderbooks([ticker]);
    equal(data.orderbooks.map((row) => row.ticker), [ticker], "orderbooks");
  });
}

async function lifeOfAnOrder() {
  let ticker;
  let done = () => {};
  let made;
  await check("a bid below the market rests and is listed", async () => {
    [ticker, done] = await lively();
    made = await create(ticker, "bid", "0.0100", "2.00");
    equal([made.fill_count, made.remaining_count], ["0.00", "2.00"], "reply");
    const listed = await until(async () => (await allOrders(ticker, "resting")).find((row) => row.order_id === made.order_id), "the order in the list");
    equal([listed.book_side, listed.yes_price_dollars, listed.remaining_count_fp, listed.status], ["bid", "0.0100", "2.00", "resting"], "listed");
    equal(listed.client_order_id, clientIds.at(-1), "client_order_id listed");
  });
  await check("the same client order id again is 409", async () => {
    const again = { ...order(ticker, "bid", "0.0100", "1.00"), client_order_id: clientIds.at(-2) };
    clientIds.pop();
    await refused(409, "order_already_exists", () => orders.createOrderV2(again));
  });
  await check("amend and decrease", async () => {
    const body = { ticker, side: "bid", price: "0.0200", count: "3.00", exchange_index: SHARD };
    equal((await orders.amendOrderV2(made.order_id, body)).data.remaining_count, "3.00", "amend");
    equal((await orders.decreaseOrderV2(made.order_id, { reduce_to: "1.00", exchange_index: SHARD })).data.remaining_count, "1.00", "decrease");
  });
  await check("a cancel without its shard is 404 while it rests, with its shard it ends the order once", async () => {
    await refused(404, "not_found", () => orders.cancelOrderV2(made.order_id));
    holds((await resting(ticker)).has(made.order_id), "the order is gone");
    equal((await orders.cancelOrderV2(made.order_id, undefined, SHARD)).data.reduced_by, "1.00", "reduced_by");
    await refused(404, "not_found", () => orders.cancelOrderV2(made.order_id, undefined, SHARD));
    await until(async () => !(await resting(ticker)).has(made.order_id), "the order off the list");
  });
  await check("a batch, its refused item, and its end", async () => {
    const wanted = ["0.0100", "0.4550"].map((price) => order(ticker, "bid", price, "1.00"));
    const { status, data } = await orders.batchCreateOrdersV2({ orders: wanted });
    equal([status, data.orders.length, data.orders[1].error?.code], [201, 2, "invalid_price"], "batch");
    const cancels = [data.orders[0].order_id, NOBODY].map((id) => ({ order_id: id, exchange_index: SHARD }));
    const ended = (await orders.batchCancelOrdersV2({ orders: cancels })).data.orders;
    equal([ended[0].reduced_by, ended[1].error !== undefined && ended[1].error !== null], ["1.00", true], "batch cancel");
  });
  await check("cancel all leaves nothing", async () => {
    await create(ticker, "bid", "0.0100", "1.00");
    equal((await orders.cancelAllOrders()).status, 204, "status");
    await until(async () => (await resting(ticker)).size === 0, "an empty list");
  });
  done();
}

async function refusals() {
  let ticker;
  let done = () => {};
  const refuse = (status, code, ...asked) => refused(status, code, () => orders.createOrderV2(order(...asked)));
  await check("orders the venue refuses", async () => {
    [ticker, done] = await lively();
    await refuse(400, "invalid_price", ticker, "bid", "0.4550", "1.00");
    await refuse(404, "market_not_found", "NOSUCH-1", "bid", "0.0100", "1.00");
    await refuse(409, "fill_or_kill_insufficient_resting_volume", ticker, "bid", "0.0100", "1.00", { time_in_force: "fill_or_kill" });
    equal((await refuse(400, "invalid_order", ticker, "bid", "0.9900", "1.00", { post_only: true })).error.details, "post only cross", "details");
    await refuse(400, "insufficient_balance", ticker, "bid", "0.0200", "9000000.00");
  });
  await check("a numeric count is the decoder's flat 400", async () => {
    const [status, body] = await raw("POST", "/portfolio/events/orders", { body: { ...order(ticker, "bid", "0.0100", "1.00"), count: 1 } });
    equal([status, body.code], [400, "bad_request"], `answer ${text(body)}`);
  });
  await check("the first version's writes are 410", async () => {
    const [status, body] = await raw("POST", "/portfolio/orders", { body: {} });
    equal([status, errorCode(body)], [410, "deprecated_v1_order_endpoint"], "answer");
  });
  await check("wrong keys, signatures and times are 401", async () => {
    const good = () => auth.generateAuthHeaders("GET", `${ROOT}/portfolio/balance`);
    const cases = [
      [{}, "signature_is_missing_from_headers", undefined],
      [{ ...good(), "KALSHI-ACCESS-KEY": NOBODY }, "authentication_error", "NOT_FOUND"],
      [{ ...good(), "KALSHI-ACCESS-TIMESTAMP": `${Date.now() + 1000}` }, "authentication_error", "INCORRECT_API_KEY_SIGNATURE"],
      [auth.generateAuthHeaders("GET", `${ROOT}/portfolio/fills`), "authentication_error", "INCORRECT_API_KEY_SIGNATURE"],
    ];
    for (const [headers, code, details] of cases) {
      const [status, body] = await raw("GET", "/portfolio/balance", { headers });
      equal([status, body?.error?.code, body?.error?.details], [401, code, details], `with ${Object.keys(headers)}`);
    }
  });
  done();
}

async function takesAndSettles() {
  let start;
  let ticker;
  let done = () => {};
  await check("nothing rests and nothing is unsettled before the account is counted", async () => {
    await orders.cancelAllOrders();
    await until(async () => (await allPositions()).every((row) => hundredths(row.position_fp) === 0n), "settled positions", 5_000 + 2_000_000 / speed);
    start = (await cash()) - (await cashChange());
  });
  for (const [side, price, count] of [["bid", "0.9900", "3.19"], ["ask", "0.0100", "1.19"]]) {
    await check(`a taker's ${side}: reply, fills, fee, position and cash agree`, async () => {
      if (side === "bid") [ticker, done] = await lively();
      const filled = async () => {
        const reply = await create(ticker, side, price, count, { time_in_force: "immediate_or_cancel" });
        return hundredths(reply.fill_count) > 0n ? reply : null;
      };
      const reply = await until(filled, "a fill");
      const whole = async () => {
        const fills = await allFills(reply.order_id);
        return fills.reduce((sum, fill) => sum + hundredths(fill.count_fp), 0n) === hundredths(reply.fill_count) ? fills : null;
      };
      const fills = await until(whole, "the fills in the list");
      const paid = fills.reduce((sum, fill) => sum + micros(fill.yes_price_dollars) * hundredths(fill.count_fp), 0n);
      const average = Number(paid) / Number(hundredths(reply.fill_count)) / 1e6;
      holds(Math.abs(Number(reply.average_fill_price) - average) <= 1e-4, `average ${reply.average_fill_price}, fills say ${average}`);
      for (const fill of fills) {
        const shapes = { fill_id: "string", trade_id: "string", ticker: oneOf(ticker), market_ticker: oneOf(ticker), is_taker: oneOf(true), created_time: time };
        has(fill, { ...shapes, exchange_index: oneOf(SHARD), outcome_side: oneOf(side === "bid" ? "yes" : "no") }, "fill");
      }
      for (const { fill, fee } of bookKeeping((await allFills()).reverse())) equal(micros(fill.fee_cost), fee, `fee of ${fill.count_fp} at ${fill.yes_price_dollars}`);
      await until(async () => (await cash()) === start + (await cashChange()), "cash as fills and settlements have it", 5_000);
    });
  }
  await check("the position is listed, its window settles, and the cash is exact", async () => {
    const held = (await allFills()).filter((fill) => fill.ticker === ticker).reduce((sum, fill) => sum + hundredths(fill.count_fp) * (fill.book_side === "bid" ? 1n : -1n), 0n);
    const settled = async () => (await allSettlements()).find((row) => row.ticker === ticker);
    const listed = async () => (await settled()) ?? (await allPositions()).find((row) => row.ticker === ticker && hundredths(row.position_fp) === held);
    await until(listed, "the position");
    done();
    const row = await until(settled, "a settlement", 10_000 + 1_500_000 / speed);
    has(row, { event_ticker: "string", market_result: oneOf("yes", "no"), settled_time: time, fee_cost: decimal, revenue: "number" }, "settlement");
    const won = row.market_result === "yes" ? held : -held;
    equal(BigInt(row.revenue), won > 0n ? won : 0n, "revenue in cents");
    await until(async () => (await cash()) === start + (await cashChange()), "cash after the settlement", 5_000);
  });
}

await marketData();
await lifeOfAnOrder();
await refusals();
await takesAndSettles();
await check("the account is left with nothing resting", () => orders.cancelAllOrders());
writeFileSync(recordPath, text({ client_order_ids: clientIds, trades: (await allFills()).map((fill) => fill.trade_id), cash_micros: Number(await cash()) }));
console.log(`${passed} checks held, ${failed.length} failed`);
for (const name of failed) console.log(`  failed: ts: ${name}`);
process.exit(failed.length > 0 || passed === 0 ? 1 : 0);
