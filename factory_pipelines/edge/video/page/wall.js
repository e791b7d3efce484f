"use strict";
// One answer carries the pictures of all cameras and, every second, the state as JSON. When nothing has come for a while
// the connection is given up and made anew: a picture that has stopped must never look like a live one.

const SILENT_MS = 5000, STALE_MS = 4000, LONGEST_WAIT_MS = 5000;
const byId = id => document.getElementById(id);
const tiles = new Map();
let attempt = 0, heardAt = 0, zone = undefined, large = null;

async function main() {
  byId("door").addEventListener("submit", showKey);
  byId("leave").addEventListener("click", leave);
  byId("large").addEventListener("close", () => { large = null; byId("large-picture").removeAttribute("src"); });
  setInterval(judge, 500);
  for (;;) {
    const wasRefused = await watch();
    if (wasRefused) return ask();
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt++) * (0.75 + Math.random() / 2);
    link("waiting", `no connection, again in ${Math.ceil(wait / 1000)} s`);
    await new Promise(resolve => setTimeout(resolve, wait));
  }
}

// Reads one answer to its end; true when a key is needed.
async function watch() {
  const giveUp = new AbortController();
  heardAt = performance.now();
  const watchdog = setInterval(() => { if (performance.now() - heardAt > SILENT_MS) giveUp.abort(); }, 500);
  try {
    const answer = await fetch("/api/wall/stream", { signal: giveUp.signal, cache: "no-store" });
    if (answer.status === 401) return true;
    if (!answer.ok) throw new Error((await answer.json()).error.detail);
    byId("door").hidden = true; byId("wall").hidden = byId("leave").hidden = false;
    link("live", "connected");
    for await (const part of partsOf(answer.body)) {
      heardAt = performance.now(); attempt = 0;
      if (part.headers["content-type"] === "image/jpeg") showPicture(part);
      else showState(JSON.parse(new TextDecoder().decode(part.body)));
    }
  } catch (error) {
    console.info("wall stream ended:", error.message);
  } finally {
    clearInterval(watchdog);
  }
  return false;
}

// Parts of a multipart body: head lines, an empty line, as many bytes as Content-Length says.
async function* partsOf(stream) {
  const reader = stream.getReader();
  let held = new Uint8Array(0);
  const more = async () => {
    const { done, value } = await reader.read();
    if (done) return false;
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held); joined.set(value, held.length); held = joined;
    return true;
  };
  for (;;) {
    let end;
    while ((end = endOfHead(held)) < 0) if (!await more()) return;
    const headers = {};
    for (const line of new TextDecoder().decode(held.subarray(0, end)).split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const from = end + 4, to = from + Number(headers["content-length"]);
    while (held.length < to + 2) if (!await more()) return;
    yield { headers, body: held.slice(from, to) };
    held = held.slice(to + 2);
  }
}

function endOfHead(bytes) {
  for (let at = 0; at + 3 < bytes.length; at++)
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  return -1;
}

function showPicture({ headers, body }) {
  const tile = tiles.get(headers["x-camera"]);
  if (!tile || headers["x-live"] !== "1") return; // the tile itself says that there is no picture
  const old = tile.img.src;
  tile.img.src = URL.createObjectURL(new Blob([body], { type: "image/jpeg" }));
  if (old) URL.revokeObjectURL(old);
  tile.pictures++;
  tile.node.dataset.pictures = tile.pictures;
  tile.liveAt = performance.now();
  if (tile.node.classList.contains("is-dark")) judge();
}

function showState(state) {
  zone = state.zone;
  byId("clock").textContent = clock(state.time, true);
  byId("none").hidden = state.cameras.length > 0;
  const names = new Set(state.cameras.map(camera => camera.camera));
  for (const [name, tile] of tiles) if (!names.has(name)) { tile.node.remove(); tiles.delete(name); }
  for (const camera of state.cameras) {
    const tile = tiles.get(camera.camera) || newTile(camera.camera);
    tile.state = camera;
    tile.counts.textContent = countsOf(camera);
  }
  list("gate", state.gate, row => [
    clock(row.decided_at), row.plate, `${row.status.toLowerCase()}${row.opened ? ", opened" : ""}`, row.status === "BLOCKED"]);
  list("alarms", state.alarms, row => [clock(row.opened_at), row.title || `${row.subject_name}`, row.status, row.status === "open"]);
  judge();
}

function newTile(name) {
  const node = byId("tile").content.firstElementChild.cloneNode(true);
  const tile = {
    node, img: node.querySelector("img"), veil: node.querySelector(".veil"), badge: node.querySelector(".badge"),
    counts: node.querySelector(".counts"), liveAt: -Infinity, pictures: 0, state: null };
  node.dataset.camera = name;
  node.querySelector(".name").textContent = name;
  tile.img.alt = `live picture of ${name}`;
  node.querySelector(".picture").addEventListener("click", () => { large = name; enlarge(); byId("large").showModal(); });
  tiles.set(name, tile);
  const after = [...byId("cameras").children].find(other => other.dataset.camera > name);
  byId("cameras").insertBefore(node, after || null);
  return tile;
}

// A stream in an <img> cannot say that it ended: it is asked for anew whenever its camera comes back.
function enlarge() {
  byId("large-picture").src = `/api/video_feed?camera=${encodeURIComponent(large)}#${Date.now()}`;
  byId("large-picture").alt = `live picture of ${large}`;
}

// What each tile may claim at this moment, by what has really arrived.
function judge() {
  const now = performance.now();
  for (const tile of tiles.values()) {
    const quietS = (now - tile.liveAt) / 1000;
    const isLive = quietS * 1000 < STALE_MS;
    let says = "";
    if (!isLive) {
      says = tile.state && !tile.state.connected ? tile.state.says || tile.state.state : "";
      if (now - heardAt > STALE_MS) says = "no connection to the edge";
      if (!says) says = Number.isFinite(quietS) ? "the picture has stopped" : "waiting for a picture";
    }
    const isBack = isLive && tile.node.classList.contains("is-dark");
    tile.node.classList.toggle("is-dark", !isLive);
    if (tile.node.dataset.camera === large) {
      byId("large").classList.toggle("is-dark", !isLive);
      byId("large-veil").textContent = says;
      if (isBack && tile.pictures > 1) enlarge();
    }
    tile.veil.textContent = says;
    tile.badge.className = `badge ${isLive ? "live" : "dark"}`;
    tile.badge.textContent = isLive ? "live" : Number.isFinite(quietS) ? `stale ${Math.round(quietS)} s` : "no picture";
  }
}

function countsOf(camera) {
  const lines = camera.lines.map(line => `${line.name}: ${line.entries} in, ${line.exits} out`);
  const zones = camera.zones.map(zone => `${zone.name}: ${zone.count === null ? "?" : zone.count}`);
  return [...lines, ...zones].join(" · ");
}

function list(id, rows, cells) {
  const items = rows === null ? [["", "unknown: the warehouse does not answer", "", false]] : rows.map(cells);
  byId(id).replaceChildren(...items.map(([at, what, how, isBad]) => {
    const item = document.createElement("li");
    if (rows === null) item.className = "unknown"; else if (isBad) item.className = "bad";
    for (const text of [at, what, how]) item.append(Object.assign(document.createElement("span"), { textContent: text }));
    return item;
  }));
  if (rows && !rows.length) byId(id).append(Object.assign(document.createElement("li"), { textContent: "none" }));
}

function clock(time, withSeconds = false) {
  const how = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  return new Date(time).toLocaleTimeString("en-GB", withSeconds ? { ...how, second: "2-digit" } : how);
}

function link(how, text) {
  byId("link").className = `badge ${how}`;
  byId("link").textContent = text;
}

function ask() {
  byId("wall").hidden = byId("leave").hidden = true;
  byId("door").hidden = false;
  link("waiting", "a key is needed");
  byId("key").focus();
}

async function showKey(event) {
  event.preventDefault();
  const answer = await fetch("/api/session", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ key: byId("key").value }) });
  byId("key").value = "";
  byId("refused").textContent = answer.ok ? "" : (await answer.json()).error.detail;
  if (answer.ok) location.reload();
}

async function leave() {
  await fetch("/api/session", { method: "DELETE" });
  location.reload();
}

main();
