"use strict";
// The sessions on the disk, and what can be done with one. Everything is text; nothing becomes HTML.
let sessionsShown = 10;
let sessionItems = new Map();  // folder: what its row was made of, and the row
function size(bytes) { return bytes >= 1e9 ? (bytes / 1e9).toFixed(1) + " GB" : (bytes / 1e6).toFixed(1) + " MB"; }

async function showSessions() {
  const found = await ask("GET", `sessions?limit=${sessionsShown + 1}`);
  if (document.querySelector("#sessions details[open]")) return;  // somebody is about to do something
  $("more-sessions").hidden = found.length <= sessionsShown;
  // A row that says the same stays the same element: somebody may be about to click it.
  sessionItems = new Map(found.slice(0, sessionsShown).map((session) => {
    const said = JSON.stringify(session), before = sessionItems.get(session.session);
    return [session.session, before && before.said === said ? before : {said, item: sessionItem(session)}];
  }));
  const items = [...sessionItems.values()].map((row) => row.item), shown = $("sessions").children;
  if (items.length === shown.length && items.every((item, index) => item === shown[index])) return;
  $("sessions").replaceChildren(...items);
  if (found.length === 0) $("sessions").replaceChildren(element("li", "Nothing has been recorded yet.", "muted"));
}

function whereItIs(session) {
  if (session.problem || session.state === "recording" || session.state === "armed") return "";
  if (session.on_nodes.length) return `partly on ${session.on_nodes.join(", ")}`;
  if (session.lost.length) return "";  // said below
  return session.copies.length ? `copied ${session.copies.length}×` : "only here";
}

function sessionItem(session) {
  const item = element("li", "");
  const name = session.session.split(/[\\/]/).pop();
  const link = session.has_report ? element("a", name) : element("span", name);
  if (session.has_report) {
    const path = `sessions/${encodeURIComponent(session.id)}/report`;
    link.href = "/api/" + path; link.target = "_blank";
    if (token) link.onclick = (event) => { event.preventDefault(); openReport(path); };
  }
  const words = [session.verdict || session.state || session.problem, session.outdated ? "▲ changed since: check again" : session.contents_read ? "contents read" : "",
    session.seconds === null ? "" : span(session.seconds), session.bytes === null ? "" : size(session.bytes),
    whereItIs(session), session.notes];
  item.append(link, element("span", "  " + words.filter(Boolean).join(", "), "muted"));
  for (const file of session.lost) item.append(element("span", `✖ ${file.path} is lost on ${file.node}: ${file.reason}`, "reason failed"));
  if (session.unusable) item.append(element("span", "▲ not usable: " + session.unusable, "reason warning"));
  if (!session.problem) item.append(sessionActions(session, name));
  return item;
}

// A link cannot carry the token.
async function openReport(path) {
  const there = window.open("", "_blank");
  const answer = await get(path);
  there.location = URL.createObjectURL(await answer.blob());
}

function button(text, action) {
  const made = element("button", text);
  made.type = "button";
  made.onclick = () => trying(made, action);
  return made;
}

function sessionActions(session, name) {
  const path = `sessions/${encodeURIComponent(session.id)}/`;
  const more = element("details", ""), told = element("p", "", "reason");
  const close = async () => { more.open = false; await showSessions(); };
  more.ontoggle = () => { if (!more.open) showSessions(); };  // what was renewed meanwhile, and what is deleted
  const row = element("div", "", "actions");
  row.append(
    button("Check again", async () => { await ask("POST", path + "check"); await close(); }),
    button("Check the contents", async () => { await ask("POST", path + "check", {contents: true}); await close(); }));
  if (session.unusable) row.append(button("Usable again", async () => { await ask("PUT", path + "unusable", {reason: ""}); await close(); }));
  else row.append(markForm(path, close));
  row.append(button("Withdraw participant…", async () => {
    const plan = await ask("GET", path + "withdrawal");
    more.querySelector(".withdrawal")?.remove();
    more.append(withdrawForm(path, plan, close, told));
  }));
  const summary = element("summary", "More");
  summary.setAttribute("aria-label", "More for " + name);
  more.append(summary, row, told);
  return more;
}

function field(label, name) {
  const made = element("label", label), input = document.createElement("input");
  input.name = name; input.required = true; input.autocomplete = "off"; input.maxLength = 1000;
  made.className = "grow";
  made.append(input);
  return made;
}

function markForm(path, close) {
  const form = element("form", "", "mark");
  const mark = element("button", "Mark as not usable");
  form.append(field("Why is it not usable? Exports leave it out", "reason"), mark);
  form.onsubmit = (event) => {
    event.preventDefault();
    trying(mark, async () => { await ask("PUT", path + "unusable", {reason: new FormData(form).get("reason")}); await close(); });
  };
  return form;
}

// The pseudonym is typed once more: what this does cannot be undone.
function withdrawForm(path, plan, close, told) {
  const form = element("form", "", "withdrawal"), list = element("ul", "");
  const what = [...plan.sessions, ...plan.exports, ...plan.unreachable.map((left) => "not reached, and left: " + left)];
  list.append(...what.map((line) => element("li", line)));
  const erase = element("button", "Delete all of it");
  erase.disabled = true;
  const pseudonym = field("Type the pseudonym to confirm", "pseudonym");
  pseudonym.oninput = () => { erase.disabled = new FormData(form).get("pseudonym") !== plan.participant; };
  form.append(element("p", `Withdraw participant ${plan.participant}. Deleted for good: sessions ${plan.sessions.length}, exports ${plan.exports.length}`), list, pseudonym, erase,
    button("Leave it", async () => form.remove()));
  form.onsubmit = (event) => {
    event.preventDefault();
    trying(erase, async () => {
      const done = await ask("POST", path + "withdrawal", {pseudonym: new FormData(form).get("pseudonym")});
      form.remove();
      told.textContent = `${done.files} files deleted; logged in the study's folder` + done.left.map((left) => "; left: " + left).join("");
      if (done.left.length === 0) await close();
    });
  };
  return form;
}
