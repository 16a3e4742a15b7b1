// The page: a conversation over the same API that every client uses.
// What a model or a document says reaches the page through textContent alone.
"use strict";

const $ = (id) => document.getElementById(id);
const log = $("log"), question = $("question"), send = $("send"), fresh = $("fresh"), status = $("status");

const history = []; // {role, content}: what the server is told of the conversation
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
		parent.append(text.slice(at, m.index));
		at = m.index + m[0].length;
		if (m[1]) {
			parent.append(el("code", "", m[1].slice(1, -1)));
		} else if (m[2]) {
			parent.append(el("strong", "", m[2].slice(2, -2)));
		} else {
			const numbers = m[3].split(",").map((n) => parseInt(n, 10));
			if (!numbers.every((n) => known.has(n))) {
				parent.append(m[0]);
				continue;
			}
			for (const n of numbers) {
				const a = el("a", "cite", String(n));
				a.href = `#source-${turn}-${n}`;
				a.setAttribute("aria-label", `Source ${n}`);
				parent.append(a);
			}
		}
	}
	parent.append(text.slice(at));
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

function isWeb(url) {
	return /^https?:\/\//i.test(url ?? "");
}

function sourceItem(s, turn) {
	const li = el("li", s.cited ? "cited" : "");
	li.id = `source-${turn}-${s.n}`;
	li.append(el("span", "n", String(s.n)));
	const body = el("div");
	const title = s.title || s.key || "Untitled";
	if (isWeb(s.url)) {
		const a = el("a", "", title);
		a.href = s.url;
		a.target = "_blank";
		a.rel = "noopener noreferrer";
		body.append(a);
	} else {
		body.append(el("strong", "", title));
	}
	if (s.heading && s.heading !== title) body.append(el("span", "part", ", " + s.heading));
	if (s.date) {
		const t = el("time", "", s.date);
		t.dateTime = s.date;
		body.append(" ", t);
	}
	const more = el("details");
	more.append(el("summary", "", isWeb(s.url) || !s.key || s.key === title ? "Show passage" : `Show passage of ${s.key}`));
	more.append(el("blockquote", "", s.text));
	body.append(more);
	li.append(body);
	return li;
}

function showSources(turn, place, sources) {
	place.replaceChildren();
	if (!sources.length) return;
	place.append(el("h3", "", sources.some((s) => s.cited) ? "From these texts; the answer names the bold ones" : "From these texts"));
	const ol = el("ol");
	for (const s of sources) ol.append(sourceItem(s, turn));
	place.append(ol);
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
	dots.append(el("span"), el("span"), el("span"));
	answer.append(dots);
	const sources = el("div", "sources");
	sources.hidden = true;
	turn.append(asked, answer, sources);
	log.append(turn);
	toEnd();
	return { n, turn, answer, sources, text: "", list: [], drawn: false };
}

function draw(t) {
	if (t.drawn) return;
	t.drawn = true;
	requestAnimationFrame(() => {
		t.drawn = false;
		if (!t.text) return;
		const follow = nearEnd();
		t.answer.replaceChildren(blocks(t.text, t.n, new Set(t.list.map((s) => s.n))));
		if (follow) toEnd();
	});
}

function finish(t, note) {
	t.answer.setAttribute("aria-busy", "false");
	const follow = nearEnd();
	t.answer.replaceChildren(blocks(t.text, t.n, new Set(t.list.map((s) => s.n))));
	if (note) t.answer.append(el("p", "note", note));
	t.sources.hidden = t.list.length === 0;
	showSources(t.n, t.sources, t.list);
	if (follow) toEnd();
}

function fail(t, message, again) {
	t.answer.setAttribute("aria-busy", "false");
	t.answer.replaceChildren(t.text ? blocks(t.text, t.n, new Set()) : "");
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
		if (event.sources) t.list = event.sources;
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
	$("deployment").textContent = me.deployment === "base" ? "twin, not trained yet" : "twin, model " + me.deployment;
	if ($("greeting")) $("greeting").textContent = "Ask " + author;
	for (const e of document.querySelectorAll(".author")) e.textContent = author;
	question.placeholder = "Ask " + author + " a question";
}

about();
grow();
