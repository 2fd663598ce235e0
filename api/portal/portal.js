"use strict";

// Everything that comes from the server is written as text, never as markup.
const byId = (id) => document.getElementById(id);
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&#39;": "'", "&amp;": "&" };
const ENDED = "Your session has ended. Sign in again to go on.";
let csrf = "";

class Refused extends Error {
  constructor(status, message, reason) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

async function call(path, method = "GET", body = undefined) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, cache: "no-store", body: body && JSON.stringify(body) });
  } catch {
    throw new Refused(0, "The server does not answer. Try again in a moment.", "");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const error = (answer && answer.error) || {};
  throw new Refused(response.status, error.message || `The server answered ${response.status}.`, (error.details || {}).reason);
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function showWelcome(text) {
  csrf = "";
  byId("who").hidden = byId("home").hidden = true;
  byId("name").textContent = "";
  for (const id of ["results", "spaces", "groups", "space", "found"]) byId(id).replaceChildren();
  const issuer = document.documentElement.dataset.signIn === "issuer";
  byId("by-issuer").hidden = !issuer;
  byId("by-token").hidden = issuer;
  byId("welcome").hidden = false;
  say(text);
  if (text) byId(issuer ? "sign-in" : "welcome-title").focus();
}

function showHome(me) {
  csrf = me.csrf_token || "";
  say("");
  byId("welcome").hidden = true;
  byId("name").textContent = me.name || me.principal;
  byId("who").hidden = byId("home").hidden = false;
  byId("groups").replaceChildren(...me.groups.map((group) => element("li", group)));
  if (!me.groups.length) byId("groups").replaceChildren(element("li", "none"));
  byId("role").textContent = me.platform_role ? `You are ${me.platform_role} of every space.` : "";
  byId("role").hidden = !me.platform_role;
  byId("spaces").replaceChildren(
    ...me.spaces.map((space) => {
      const row = element("li");
      row.append(element("span", space.name), element("span", space.role || "not readable now"));
      return row;
    }),
  );
  const readable = me.spaces.filter((space) => space.role);
  byId("space").replaceChildren(
    ...readable.map((space) => {
      const option = element("option", space.name);
      option.value = space.name;
      return option;
    }),
  );
  byId("go").disabled = byId("query").disabled = byId("space").disabled = !readable.length;
  byId("found").textContent = readable.length ? "" : "You are a member of no space yet. Ask an administrator of one.";
  if (readable.length) byId("query").focus();
}

// The server marks what fits with <em> in escaped text: that becomes text and <mark>, and nothing else ever can.
function highlighted(text) {
  const parts = text.split(/<em>(.*?)<\/em>/s);
  return parts.map((part, index) => {
    const plain = part.replace(/&(?:lt|gt|quot|amp|#x27|#39);/g, (entity) => ENTITIES[entity]);
    return index % 2 ? element("mark", plain) : document.createTextNode(plain);
  });
}

function resultItem(result) {
  const item = element("li", undefined, "card");
  const place = [result.document.path, ...result.block.section];
  if (result.block.page) place.push(`page ${result.block.page}`);
  const snippet = element("p");
  snippet.append(...highlighted(result.highlight));
  const title = element("h2");
  const link = element("a", result.document.title || result.document.path);
  link.href = `api/v1/memory/file/${encodeURIComponent(result.document.id)}/raw`;
  link.download = "";
  title.append(link);
  item.append(title, element("p", place.join(" › "), "path"), snippet);
  return item;
}

function failed(error) {
  if (error.status === 401) showWelcome(ENDED);
  else say(error.message);
}

async function search(event) {
  event.preventDefault();
  say("");
  byId("go").disabled = true;
  byId("found").textContent = "Searching …";
  try {
    const given = { space: byId("space").value, query: byId("query").value, k: 10 };
    const answer = await call("api/v1/memory/search", "POST", given);
    const count = answer.results.length;
    const partly = answer.degraded.length ? ` Some parts could not help: ${answer.degraded.join(", ")}.` : "";
    byId("results").replaceChildren(...answer.results.map(resultItem));
    byId("found").textContent = `${count === 0 ? "Nothing" : count === 1 ? "1 passage" : `${count} passages`} found.${partly}`;
  } catch (error) {
    byId("found").textContent = "";
    byId("results").replaceChildren();
    failed(error);
  } finally {
    byId("go").disabled = false;
  }
}

async function signOut() {
  byId("sign-out").disabled = true;
  try {
    const answer = await call("auth/logout", "POST");
    if (answer && answer.logout_url) window.location.assign(answer.logout_url);
    else showWelcome("You are signed out here.");
  } catch (error) {
    failed(error);
  } finally {
    byId("sign-out").disabled = false;
  }
}

async function start() {
  const signedOut = new URLSearchParams(window.location.search).get("state") === "signed-out";
  if (window.location.search) window.history.replaceState(null, "", window.location.pathname);
  try {
    showHome(await call("auth/me"));
  } catch (error) {
    if (error.status === 401) showWelcome(error.reason === "session_ended" ? ENDED : signedOut ? "You are signed out." : "");
    else {
      showWelcome("");
      say(error.message);
    }
  }
}

byId("search").addEventListener("submit", search);
byId("sign-out").addEventListener("click", signOut);
// A page that the browser kept from before must not show what belongs to a session that is over.
window.addEventListener("pageshow", (event) => event.persisted && start());
start();
