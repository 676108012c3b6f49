"use strict";
const $ = (id) => document.getElementById(id);
const GLYPH = {alive: "●", warning: "▲", missing: "○", failed: "✖", idle: "○", opening: "○", recording: "●", finishing: "●", offline: "✖"};
// The words for states of which the API has others: those of the window (gui/window/top_bar.py).
const STATE = {idle: "ready", failed: "last run failed"};
const HOLD_MS = 800;
const SILENT_MS = 5000;
// After these the list of sessions is not what it was; session_models.py has them, too.
const SESSION_EVENTS = ["checked", "not-checked", "recording-start", "recording-stop", "recording-split", "recovered", "not-recovered",
  "never-begun", "hashed", "usable", "unusable", "withdrawn", "collected", "released"];
// Warnings that mean missing data while a recording runs: an alarm, as in the window (gui/events/alarm_bar.py).
const LOSSES = ["stream-lost", "silent", "device-hangs", "device-lost", "device-broke", "device-died", "unreachable"];
let token = sessionStorage.getItem("unisono-token");
let status = null, stop = null, offset = 0;
let heard = 0, lost = null;  // when a state last came, and over which socket
let unread = [];  // alarms, the newest last
let newest = null;  // the number of the newest event that is listed; null: the page was just opened
let late = null;  // events that come while those before them are still asked for

function element(tag, text, css, title) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (title) made.title = title;
  if (css) made.className = css;
  return made;
}

function get(path, options = {}) {
  const headers = {"content-type": "application/json"};
  if (token) headers.authorization = "Bearer " + token;
  return fetch("/api/" + path, {headers, ...options});
}

async function ask(method, path, body) {
  const answer = await get(path, {method, body: body === undefined ? undefined : JSON.stringify(body)});
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.text + " — " + told.remedy);
  return told;
}

function showAlarm() {
  const more = unread.length > 1 ? ` (${unread.length - 1} more)` : "";
  $("alarm").hidden = unread.length === 0;
  $("alarm-text").textContent = unread.length ? `✖ ${unread.at(-1)}${more}` : "";
}
function alarm(text) { unread = [...unread.filter((said) => said !== text), text].slice(-99); showAlarm(); }
$("alarm-read").onclick = () => { unread.pop(); showAlarm(); };

async function trying(button, action) {
  button.disabled = true;
  try { await action(); } catch (error) { alarm(error.message); } finally { button.disabled = document.body.dataset.state === "offline"; }
}

function labels() {
  const form = new FormData($("start"));
  return {participant: form.get("participant"), session: form.get("session"), task: form.get("task")};
}

async function showRun() {
  if (!$("start").checkValidity()) { $("run").textContent = ""; return; }
  try {
    const runs = await ask("GET", "runs?" + new URLSearchParams(labels()));
    $("run").textContent = "run " + String(runs.next).padStart(2, "0");
  } catch { $("run").textContent = ""; }
}

$("start").oninput = showRun;
$("start").onsubmit = (event) => {
  event.preventDefault();
  trying($("record"), () => ask("POST", "recording/start", labels()));
};

// A stop needs a hold, so that a touch by accident ends nothing.
function hold() {
  if (stop !== null) return;
  const began = performance.now();
  const step = () => {
    const share = Math.min(1, (performance.now() - began) / HOLD_MS);
    $("stop").style.setProperty("--held", 100 * share + "%");
    if (share < 1) { stop = requestAnimationFrame(step); return; }
    release();
    trying($("stop"), async () => { await ask("POST", "recording/stop", {verify: true}); showSessions(); showRun(); });
  };
  stop = requestAnimationFrame(step);
}
function release() { cancelAnimationFrame(stop); stop = null; $("stop").style.setProperty("--held", "0%"); }
$("stop").onpointerdown = hold;
$("stop").onpointerup = $("stop").onpointerleave = $("stop").onblur = release;
$("stop").onkeydown = (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); hold(); } };
$("stop").onkeyup = release;

$("marker").onsubmit = (event) => {
  event.preventDefault();
  const time = status === null ? null : performance.now() / 1000 + offset;
  const text = new FormData($("marker")).get("text");
  trying(event.submitter || $("marker").querySelector("button"), async () => {
    const set = await ask("POST", "markers", {text, time});
    $("marker-said").textContent = `“${text}” set at ${set.stamp.toFixed(3)} s` + (set.recorded ? "" : ", not recorded: no recording runs");
    $("marker").reset();
  });
};

const two = (n) => String(Math.floor(n)).padStart(2, "0");
const span = (s) => `${two(s / 3600)}:${two(s / 60 % 60)}:${two(s % 60)}`;

function showStatus(now) {
  status = now;
  offset = now.clock - performance.now() / 1000;
  document.body.dataset.state = now.state;
  const running = now.state === "recording" || now.state === "finishing";
  $("state").textContent = `${GLYPH[now.state] || "○"} ${(STATE[now.state] ?? now.state).toUpperCase()}`;
  $("clock").textContent = running && now.first_sample !== null ? span(Math.max(0, now.clock - now.first_sample)) : "";
  $("session").textContent = now.session ? now.session.split("/").pop() : "";
  document.title = running ? `● ${$("clock").textContent} Unisono` : "Unisono";
  $("start").hidden = running; $("running").hidden = !running;
  if (document.body.dataset.back !== "yes") {
    for (const button of document.querySelectorAll("#stop, #marker button")) button.disabled = false;
    document.body.dataset.back = "yes";
  }
  $("record").disabled = now.state === "opening";
  $("missing").textContent = now.missing.length ? "▲ " + now.missing.join("; ") : "";
  $("no-streams").hidden = now.streams.length > 0;
  $("streams").replaceChildren(...now.streams.map(streamRow));
  showDisk(now.disk);
  showCameras(now.devices);
  $("nodes-part").hidden = now.nodes.length === 0;
  $("nodes").replaceChildren(...now.nodes.flatMap(nodeRows));
}

function showDisk(disk) {
  const free = (disk.free_bytes / 1e9).toFixed(1) + " GB free";
  const room = disk.minutes === null ? free : `${free}, ${Math.floor(disk.minutes)} min at this rate`;
  $("disk").className = disk.gone ? "failed" : "";
  $("disk").textContent = disk.gone ? `✖ The data folder is gone: ${disk.data_dir}. Plug its disk in again` : room;
}

function nodeRows(node) {
  const row = document.createElement("tr"), health = node.state === "connected" ? "alive" : "warning";
  const glyph = element("td", GLYPH[health], health), known = node.offset_s !== null;
  glyph.title = node.state;
  const free = node.free_bytes === null ? "–" : (node.free_bytes / 1e9).toFixed(1);
  const clock = known ? `± ${(node.uncertainty_s * 1e3).toFixed(2)} ms` : "–";
  const offset = known ? `${node.offset_s.toFixed(4)} s, asked ${Math.round(node.offset_age_s)} s ago` : "";
  row.append(glyph, element("td", node.name), element("td", free, "number"), element("td", clock, "number wide", offset), transferCell(node));
  return [row, ...[node.reason, node.problem].filter(Boolean).map(reasonRow)];
}

function reasonRow(text) {
  const row = document.createElement("tr"), cell = document.createElement("td");
  cell.colSpan = 4;
  cell.append(element("span", text, "reason warning"));
  row.append(document.createElement("td"), cell);
  return row;
}

function transferCell(node) {
  const moving = node.transfer;
  if (!moving) return element("td", "–", "number");
  const halt = node.state !== "connected" ? " (waits)" : moving.rests ? " (rests)" : "";
  const share = `${Math.floor(100 * moving.done / Math.max(1, moving.total))} %${halt}`;
  return element("td", share, "number", `${moving.file}: ${(moving.done / 1e6).toFixed(0)} of ${(moving.total / 1e6).toFixed(0)} MB`);
}

function streamRow(stream) {
  const row = document.createElement("tr");
  const glyph = element("td", GLYPH[stream.health], stream.health);
  glyph.title = stream.health;
  const name = element("td", stream.name);
  if (stream.reason) name.append(element("span", stream.reason, "reason " + stream.health));
  const rate = stream.effective_rate_hz ?? stream.rate_hz;
  row.append(glyph, name, element("td", rate ? rate.toFixed(1) : "–", "number"),
    element("td", String(stream.lost), "number" + (stream.lost ? " warning" : ""), stream.lost_before ? `before this recording: ${stream.lost_before}` : ""),
    element("td", stream.samples.toLocaleString("en"), "number wide"), element("td", stream.hostname, "wide muted"));
  return row;
}

function showCameras(devices) {
  const names = devices.filter((d) => d.state === "running").flatMap((d) => d.cameras.map((c) => [d.name, c, d.fates[c] || {}]));
  $("cameras-part").hidden = names.length === 0;
  for (const old of [...$("cameras").children]) if (!names.some(([, c]) => c === old.dataset.name)) old.remove();
  for (const [device, camera, fates] of names) {
    let figure = [...$("cameras").children].find((f) => f.dataset.name === camera);
    if (!figure) {
      figure = document.createElement("figure");
      figure.dataset.name = camera; figure.dataset.device = device;
      const image = document.createElement("img");
      image.alt = "preview of " + camera;
      figure.append(image, document.createElement("figcaption"));
      $("cameras").append(figure);
      look(figure);
    }
    const lost = ["device_lost", "incomplete", "ring_full", "encoder_error"].reduce((sum, f) => sum + (fates[f] || 0), 0);
    figure.lastChild.textContent = `${camera}: ${(fates.stored || 0).toLocaleString("en")} frames stored, ${lost} lost`;
  }
}

async function look(figure) {
  while (figure.isConnected) {
    const path = `devices/${encodeURIComponent(figure.dataset.device)}/preview.jpg?stream=${encodeURIComponent(figure.dataset.name)}`;
    if (!document.hidden) {
      try {
        const answer = await get(path);
        if (answer.ok && document.body.dataset.state !== "offline") {
          const url = URL.createObjectURL(await answer.blob());
          figure.firstChild.onload = () => URL.revokeObjectURL(url);
          figure.firstChild.src = url;
        }
      } catch { /* the socket says that the daemon is away */ }
    }
    await new Promise((done) => setTimeout(done, 500));
  }
}

function takeEvent(told, quiet) {
  if (told.number <= (newest ?? 0)) return;  // the socket and the list may both have it
  newest = told.number;
  const event = told.event, recording = status !== null && status.state === "recording" && event.time >= (status.first_sample ?? 0);
  showEvent(event);
  if (!quiet && (event.level === "error" || (recording && event.level === "warning" && LOSSES.includes(event.code)))) alarm(event.text);
}

function showEvent(event) {
  const item = element("li", "");
  const when = new Date(Date.now() - 1000 * (performance.now() / 1000 + offset - event.time));
  item.append(element("time", when.toLocaleTimeString("en-GB")),
    element("span", ({error: "✖ ", warning: "▲ "}[event.level] || "") + event.text, event.level === "info" ? "" : event.level));
  $("events").prepend(item);
  while ($("events").children.length > 200) $("events").lastChild.remove();
}

$("more-sessions").onclick = () => { sessionsShown += 100; trying($("more-sessions"), showSessions); };

$("token").onsubmit = (event) => {
  event.preventDefault();
  token = new FormData($("token")).get("token").trim();
  sessionStorage.setItem("unisono-token", token);
  connect();
};

async function connect() {
  const first = await get("status").catch(() => null);
  $("token").hidden = first === null || first.status !== 401;
  if (first !== null && first.status === 401) { $("state").textContent = "○ TOKEN NEEDED"; return; }
  const offers = ["unisono"];
  if (token) offers.push("token." + btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/ws`, offers);
  socket.onopen = async () => {
    showSessions(); showRun();
    late = [];
    const found = await ask("GET", "events?limit=200"), quiet = newest === null;  // what was before the page is no news
    if (found.length && found.at(-1).number < newest) { newest = 0; $("events").replaceChildren(); }  // another daemon
    for (const told of found) takeEvent(told, quiet);
    for (const told of late) takeEvent(told, false);
    newest ??= 0; late = null;
  };
  let before = null;
  socket.onmessage = (message) => {
    const told = JSON.parse(message.data);
    if (told.type === "event") {
      if (late) late.push(told); else takeEvent(told, false);
      if (SESSION_EVENTS.includes(told.event.code)) showSessions();
      return;
    }
    heard = performance.now();
    showStatus(told.status);
    if (before === "finishing" && told.status.state !== before) { showSessions(); showRun(); }
    before = told.status.state;
  };
  socket.onclose = () => { showOffline(); setTimeout(connect, 1000); };
  lost = socket;
}

// Without the daemon nothing is known: no light may go on saying that all is well.
function showOffline() {
  document.body.dataset.state = "offline"; document.body.dataset.back = "no";
  $("state").textContent = "✖ NO CONNECTION";
  $("clock").textContent = "";
  document.title = "✖ Unisono";
  for (const button of document.querySelectorAll("#record, #stop, #marker button")) button.disabled = true;
  release();
  for (const light of document.querySelectorAll("#streams td:first-child")) {
    light.textContent = GLYPH.missing; light.className = "missing"; light.title = "not known: no connection";
  }
  $("missing").textContent = "▲ No connection to the daemon: what is shown is what was last known.";
  $("disk").textContent = "";
  for (const image of document.querySelectorAll("#cameras img")) image.removeAttribute("src");
  status = null; heard = 0;
}

// A daemon that hangs keeps its socket open: it tells its state ten times a second, or is gone.
setInterval(() => {
  if (heard && performance.now() - heard > SILENT_MS) { showOffline(); lost.close(); }
}, 1000);
connect();
