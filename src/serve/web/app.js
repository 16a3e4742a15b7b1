// The page: a conversation over the same API that every client uses.
// What a model or a document says reaches the page through textContent alone.
"use strict";

const $ = (id) => document.getElementById(id);
const log = $("log"), question = $("question"), send = $("send"), fresh = $("fresh"), status = $("status");

const history = []; // {role, content}: what the server is told of the conversation
const SUPPORT_LOW = 0.65; // below it, a reader is told to check (inference/support.h)
let author = "the author";
let running = null; // AbortController of the answer that streams
let turns = 0;

// ---- Small helpers ----------------------------------------------------------

function el(tag, className, text) {
	const e = document.createElement(tag);
	if (className) e.className = className;
	if (text !== undefined) e.textContent = text;
	return e;
}

function say(text) {
	status.textContent = text;
}

function token() {
	return sessionStorage.getItem("token");
}

function headers(more) {
	return token() ? { ...more, Authorization: "Bearer " + token() } : more;
}

function nearEnd() {
	return window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 120;
}

function toEnd() {
	window.scrollTo({ top: document.documentElement.scrollHeight });
}

// ---- Text to elements ---------------------------------------------------------

// Inline: `code`, **strong**, and [1] where it names a source.
function inline(parent, text, turn, known) {
	const parts = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|\[(\d{1,2}(?:, ?\d{1,2})*)\]/g;
	let at = 0;
	for (const m of text.matchAll(parts)) {
		const before = text.slice(at, m.index);
		// A citation hangs on the word before it.
		parent.append(m[3] ? before.replace(/ $/, "") : before);
		at = m.index + m[0].length;
		if (m[1]) {
			parent.append(el("code", "", m[1].slice(1, -1)));
		} else if (m[2]) {
			parent.append(el("strong", "", m[2].slice(2, -2)));
		} else {
			const numbers = m[3].split(",").map((n) => parseInt(n, 10));
			if (!numbers.every((n) => known.has(n))) {
				parent.append((before.endsWith(" ") ? " " : "") + m[0]);
				continue;
			}
			for (const n of numbers) parent.append(citation(turn, n, known.get(n)));
		}
	}
	parent.append(text.slice(at));
}

function citation(turn, n, source) {
	const a = el("a", "cite", String(n));
	a.href = `#source-${turn}-${n}`;
	a.title = titleOf(source);
	a.setAttribute("aria-label", `Source ${n}: ${titleOf(source)}`);
	a.addEventListener("click", (e) => {
		const card = document.getElementById(`source-${turn}-${n}`);
		if (!card) return; // while it streams there is no card yet
		e.preventDefault();
		showCard(card);
	});
	return a;
}

function listItem(line) {
	const m = /^\s*(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/.exec(line);
	return m && { ordered: m[1] !== undefined, start: m[1], text: m[2] };
}

// Blocks: fenced code, lists, paragraphs. Returns a fragment.
function blocks(text, turn, known) {
	const out = document.createDocumentFragment();
	const lines = text.split("\n");
	let para = [];
	const flush = () => {
		if (para.length) {
			const p = el("p");
			inline(p, para.join("\n"), turn, known);
			out.append(p);
		}
		para = [];
	};
	for (let i = 0; i < lines.length; i++) {
		const fence = /^\s*(```+|~~~+)/.exec(lines[i]);
		const item = listItem(lines[i]);
		if (fence) {
			flush();
			const code = [];
			for (i++; i < lines.length && !lines[i].trim().startsWith(fence[1]); i++) code.push(lines[i]);
			const pre = el("pre");
			pre.tabIndex = 0; // so that the keyboard can scroll it
			pre.append(el("code", "", code.join("\n")));
			out.append(pre);
		} else if (item) {
			flush();
			const list = el(item.ordered ? "ol" : "ul");
			if (item.ordered) list.start = parseInt(item.start, 10);
			for (let next = item; next && next.ordered === item.ordered; next = listItem(lines[i] ?? "")) {
				const li = el("li");
				inline(li, next.text, turn, known);
				list.append(li);
				i++;
			}
			i--;
			out.append(list);
		} else if (!lines[i].trim()) {
			flush();
		} else {
			para.push(lines[i]);
		}
	}
	flush();
	return out;
}

// ---- Sources --------------------------------------------------------------------

const still = matchMedia("(prefers-reduced-motion: reduce)");

function titleOf(s) {
	return s.title || s.key || "Untitled";
}

function isWeb(url) {
	return /^https?:\/\//i.test(url ?? "");
}

// "2022-01-16" as a person would write it; the date has no time and so no zone.
function longDate(date) {
	const d = new Date(date + "T00:00:00Z");
	if (Number.isNaN(d.getTime())) return date;
	return d.toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}

// Where a reader finds it: the site for a web page, else the path within its source.
function placeOf(s) {
	if (isWeb(s.url)) return new URL(s.url).host;
	return s.key && s.key !== s.title ? s.key : "";
}

function plain(markdown) {
	return markdown.replace(/```\w*|[`*#>]+/g, "").replace(/\s+/g, " ").trim();
}

function card(s, turn) {
	const li = el("li", s.cited ? "card cited" : "card");
	li.id = `source-${turn}-${s.n}`;
	li.tabIndex = -1;
	const head = el("p", "title");
	head.append(el("span", "n", String(s.n)));
	if (isWeb(s.url)) {
		const a = el("a", "", titleOf(s));
		a.href = s.url;
		a.target = "_blank";
		a.rel = "noopener noreferrer";
		head.append(a);
	} else {
		head.append(el("strong", "", titleOf(s)));
	}
	const where = el("p", "where");
	where.title = isWeb(s.url) ? s.url : s.key ?? "";
	if (s.date) {
		const t = el("time", "", longDate(s.date));
		t.dateTime = s.date;
		where.append(t);
	}
	for (const part of [s.heading !== titleOf(s) && s.heading, placeOf(s)])
		if (part) where.append(where.hasChildNodes() ? " · " : "", el("span", "", part));
	const passage = el("details");
	const quote = el("blockquote");
	quote.append(blocks(s.text, turn, new Map()));
	passage.append(el("summary", "", plain(s.text).slice(0, 240)), quote);
	li.append(head, where, passage);
	return li;
}

function cards(list, turn) {
	const ol = el("ol", "cards");
	for (const s of list) ol.append(card(s, turn));
	return ol;
}

// Those that the answer names are in sight, the others one step away.
function showSources(turn, place, sources) {
	place.replaceChildren();
	if (!sources.length) return;
	const cited = sources.filter((s) => s.cited), others = sources.filter((s) => !s.cited);
	place.append(el("h3", "", cited.length ? "Sources" : "From these passages"));
	if (!cited.length) {
		place.append(cards(others, turn));
		return;
	}
	place.append(cards(cited, turn));
	if (!others.length) return;
	const more = el("details", "others");
	more.append(el("summary", "", others.length === 1 ? "1 more passage was read" : `${others.length} more passages were read`));
	more.append(cards(others, turn));
	place.append(more);
}

function showCard(li) {
	const others = li.closest(".others");
	if (others) others.open = true;
	li.querySelector("details").open = true;
	li.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
	li.focus({ preventScroll: true });
}

// ---- One answer -------------------------------------------------------------------

function newTurn(text) {
	const n = ++turns;
	$("welcome")?.remove();
	fresh.hidden = false;
	const turn = el("article", "turn");
	const asked = el("p", "asked");
	asked.append(el("span", "hidden", "You: "), text);
	const answer = el("div", "answer");
	answer.setAttribute("aria-busy", "true");
	const dots = el("div", "waiting");
	const three = el("div", "dots");
	three.append(el("span"), el("span"), el("span"));
	dots.append(three);
	answer.append(dots);
	const sources = el("div", "sources");
	sources.hidden = true;
	turn.append(asked, answer, sources);
	log.append(turn);
	toEnd();
	return { n, turn, answer, sources, dots, text: "", list: [], refused: false, support: null, drawn: false, ended: false };
}

function known(t) {
	return new Map(t.list.map((s) => [s.n, s]));
}

// Before the first word: what is being read.
function reading(t) {
	if (t.text || !t.list.length) return;
	const titles = [...new Set(t.list.map(titleOf))];
	t.dots.querySelector(".reading")?.remove();
	t.dots.append(el("p", "reading", `Reading ${titles.slice(0, 3).join(", ")}${titles.length > 3 ? " and more" : ""}`));
}

function draw(t) {
	if (t.drawn) return;
	t.drawn = true;
	requestAnimationFrame(() => {
		t.drawn = false;
		if (!t.text || t.ended) return;
		const follow = nearEnd();
		t.answer.replaceChildren(blocks(t.text, t.n, known(t)));
		if (follow) toEnd();
	});
}

function finish(t, note) {
	t.ended = true;
	t.answer.setAttribute("aria-busy", "false");
	const follow = nearEnd();
	t.answer.replaceChildren(blocks(t.text, t.n, known(t)));
	t.answer.classList.toggle("refused", t.refused);
	if (note) t.answer.append(el("p", "note", note));
	if (t.support !== null && t.support < SUPPORT_LOW)
		t.answer.append(el("p", "note doubt", "Much of this does not stand in the passages below. Check it against them."));
	t.sources.hidden = t.list.length === 0;
	showSources(t.n, t.sources, t.list);
	if (follow) toEnd();
}

function fail(t, message, again) {
	t.ended = true;
	t.answer.setAttribute("aria-busy", "false");
	t.answer.replaceChildren(t.text ? blocks(t.text, t.n, new Map()) : "");
	const box = el("div", "failed");
	box.append(el("p", "", message));
	const retry = el("button", "quiet", "Ask again");
	retry.type = "button";
	retry.addEventListener("click", () => {
		if (running) return;
		t.turn.remove();
		ask(again);
	});
	box.append(retry);
	t.answer.append(box);
	say(message);
	toEnd();
}

// Yields the JSON of each server-sent event until [DONE].
async function* events(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		rest += value;
		let end;
		while ((end = rest.indexOf("\n\n")) >= 0) {
			const frame = rest.slice(0, end);
			rest = rest.slice(end + 2);
			if (!frame.startsWith("data: ")) continue;
			if (frame === "data: [DONE]") return;
			yield JSON.parse(frame.slice(6));
		}
	}
}

async function problem(response) {
	let message = `The server said ${response.status}.`;
	try {
		message = (await response.json()).error.message;
	} catch {
		// not JSON: the status has to do
	}
	return message.charAt(0).toUpperCase() + message.slice(1);
}

async function stream(t, text, signal) {
	const response = await fetch("/v1/chat/completions", {
		method: "POST",
		headers: headers({ "Content-Type": "application/json" }),
		body: JSON.stringify({ stream: true, messages: [...history, { role: "user", content: text }] }),
		signal,
	});
	if (response.status === 401) {
		unlock();
		throw new Error("A token is needed. Enter it, then ask again.");
	}
	if (!response.ok) throw new Error(await problem(response));
	let reason = null;
	for await (const event of events(response.body)) {
		if (event.error) throw new Error(event.error.message);
		if (event.sources) {
			t.list = event.sources;
			reading(t);
		}
		if (event.twin) {
			t.refused = event.twin.finish === "refused";
			t.support = event.twin.support ?? null;
		}
		const choice = event.choices?.[0];
		if (choice?.finish_reason) reason = choice.finish_reason;
		if (choice?.delta?.content) {
			t.text += choice.delta.content;
			draw(t);
		}
	}
	if (!reason) throw new Error("The answer broke off.");
	return reason;
}

function setRunning(controller) {
	running = controller;
	send.textContent = controller ? "Stop" : "Ask";
	updateSend();
}

async function ask(text) {
	const t = newTurn(text);
	const controller = new AbortController();
	setRunning(controller);
	say(`${author} is answering`);
	try {
		const reason = await stream(t, text, controller.signal);
		finish(t, reason === "length" ? "The answer reached its length limit." : null);
		const n = t.list.length;
		say(`Answer complete, ${n === 0 ? "no sources" : n === 1 ? "1 source" : n + " sources"}`);
		history.push({ role: "user", content: text }, { role: "assistant", content: t.text });
	} catch (e) {
		if (e.name === "AbortError") {
			finish(t, "Stopped.");
			say("Stopped");
			if (t.text) history.push({ role: "user", content: text }, { role: "assistant", content: t.text });
		} else {
			fail(t, e instanceof TypeError ? "The server cannot be reached. Is it still running?" : e.message, text);
		}
	} finally {
		setRunning(null);
	}
}

// ---- The question field ---------------------------------------------------------------

function updateSend() {
	send.disabled = !running && !question.value.trim();
}

function grow() {
	question.style.height = "auto";
	question.style.height = question.scrollHeight + "px";
	updateSend();
}

function submit() {
	if (running) {
		running.abort();
		return;
	}
	const text = question.value.trim();
	if (!text) return;
	question.value = "";
	grow();
	ask(text);
}

$("composer").addEventListener("submit", (e) => {
	e.preventDefault();
	submit();
	question.focus();
});

question.addEventListener("input", grow);
question.addEventListener("keydown", (e) => {
	if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
	e.preventDefault();
	if (!running) submit();
});

document.addEventListener("keydown", (e) => {
	if (e.key === "Escape" && running && !$("locked").open) running.abort();
});

fresh.addEventListener("click", () => location.reload());

// ---- Who answers, and the token -----------------------------------------------------------

function unlock() {
	$("token").value = "";
	if (!$("locked").open) $("locked").showModal();
}

$("unlock").addEventListener("submit", () => {
	sessionStorage.setItem("token", $("token").value.trim());
	about();
	examples();
	question.focus();
});

async function about() {
	let response;
	try {
		response = await fetch("/api/about", { headers: headers({}) });
	} catch {
		return; // the first question will say it
	}
	if (response.status === 401) {
		if (token()) $("locked-why").textContent = "That token was not right. Enter the one that the owner has set.";
		sessionStorage.removeItem("token");
		unlock();
		return;
	}
	if (!response.ok) return;
	const me = await response.json();
	author = me.name;
	document.title = author + ", twin";
	$("name").textContent = author;
	$("deployment").textContent = me.deployment === "base" ? "twin · not trained yet" : "twin · model " + me.deployment;
	if ($("greeting")) $("greeting").textContent = "Ask " + author;
	for (const e of document.querySelectorAll(".author")) e.textContent = author;
	question.placeholder = "Ask " + author + " a question";
}

// Questions that the author's texts answer, for a start.
async function examples() {
	let questions = [];
	try {
		const response = await fetch("/api/examples", { headers: headers({}) });
		if (response.ok) questions = (await response.json()).questions;
	} catch {
		return; // the page is complete without them
	}
	const list = document.querySelector("#examples ul");
	if (!list || !questions.length) return;
	list.replaceChildren();
	for (const q of questions) {
		const b = el("button", "example", q);
		b.type = "button";
		b.addEventListener("click", () => {
			if (running) return;
			ask(q);
			question.focus();
		});
		const li = el("li");
		li.append(b);
		list.append(li);
	}
	$("examples").hidden = false;
}

about();
examples();
grow();
