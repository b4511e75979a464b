// Draws the trace of an event loop: a lane for each connection, coloured by what it waits for, with
// marks where octets moved; above them a lane for each loop, busy or waiting.
//
// It draws what is in a <pre class="xray-live" data-from="ADDRESS"> (lines that keep coming) or in a
// <code class="language-trace"> (lines that stand there; without this script they can be read).
// What the lines mean is told in trace.rs.
"use strict";

const STATES = ["idle", "head", "body", "send", "gateway", "linger", "tunnel"];
const LANE = 20;
const LABELS = 92;
const AXIS = 18;
// What is kept of a trace that never ends, and how many lanes are drawn at once.
const EVENTS = 20000;
const LANES = 40;
// The longest wait that is drawn at its length when waits are shortened, in microseconds.
const SHORT = 400;

const MEANINGS = {
    wake: (n) => `epoll_wait(2) returns: ${n} ready`,
    wait: (us) => us === "-" ? "epoll_wait(2), however long it takes" : `epoll_wait(2), at most ${span(us)}`,
    lost: (n) => `${n} octets of trace were lost: this page is too slow`,
    open: (peer) => `accept(2): a connection from ${peer}`,
    ready: (end) => `ready: ${end}`,
    in: (n) => `read(2): ${n} octets from the client`,
    out: (n) => `write(2): ${n} octets to the client`,
    file: (n) => `sendfile(2): ${n} octets to the client`,
    state: (name) => `now waits for: ${{
        idle: "the next request",
        head: "the rest of a request's head",
        body: "the rest of a request's content",
        send: "room to send",
        gateway: "a program's answer",
        linger: "the client to close",
        tunnel: "octets from either side",
    }[name] ?? name}`,
    want: (ends) => `epoll_ctl(2): watch ${ends}`,
    timer: (us) => `its time is up in ${span(us)}`,
    due: () => "its time is up",
    close: () => "close(2)",
};

function span(us) {
    const n = Number(us);
    if (n < 1000) return `${n} µs`;
    return n < 1e6 ? `${(n / 1000).toFixed(1)} ms` : `${(n / 1e6).toFixed(2)} s`;
}

/** One line of a trace; null for a line that is none. */
function parse(line) {
    const match = /^(\d+) (\d+) (\S+) (\w+) ?(.*)$/.exec(line);
    if (!match || !(match[4] in MEANINGS)) return null;
    const [, time, loop, who, what, value] = match;
    return { time: Number(time), lane: who === "loop" ? `loop ${loop}` : loop === "0" ? who : `${loop}/${who}`, isLoop: who === "loop", what, value };
}

/** What has happened so far: events in order, each with its place on a line of shortened waits. */
class Trace {
    events = [];
    dropped = 0;
    // When the first thing happened; times are shown from there.
    begun = 0;

    add(text) {
        for (const line of text.split("\n")) {
            const event = parse(line);
            if (!event) continue;
            const last = this.events.at(-1);
            this.begun = last ? this.begun : event.time;
            // Lines of several loops arrive in pieces, each in order.
            event.at = last ? last.at + Math.min(Math.max(event.time - last.time, 0), SHORT) : 0;
            this.events.push(event);
        }
        if (this.events.length > EVENTS) {
            this.dropped += this.events.length - EVENTS;
            this.events.splice(0, this.events.length - EVENTS);
        }
    }
}

/** A drawing with its buttons, in the place of an element. */
class View {
    constructor(place, { live }) {
        this.trace = new Trace();
        this.live = live;
        this.paused = false;
        this.shortened = true;
        // Pixels for a microsecond, and the time at the left edge; null fits or follows.
        this.scale = null;
        this.left = null;
        this.chosen = null;
        this.marks = [];
        this.build(place);
    }

    build(place) {
        const figure = element("figure", { className: "xray" });
        const bar = element("div", { className: "xray-bar" });
        this.pauseButton = this.button(bar, "Pause", () => this.pause(!this.paused));
        this.pauseButton.hidden = !this.live;
        this.button(bar, "Zoom in", () => this.zoom(1.6));
        this.button(bar, "Zoom out", () => this.zoom(1 / 1.6));
        this.button(bar, "All", () => this.fit());
        const shorten = this.button(bar, "Shorten waits", () => {
            this.shortened = !this.shortened;
            shorten.setAttribute("aria-pressed", String(this.shortened));
            this.fit();
        });
        shorten.setAttribute("aria-pressed", "true");
        for (const name of ["busy", ...STATES]) {
            const key = element("span", { className: "xray-key", textContent: name });
            key.style.setProperty("--colour", `var(--${name})`);
            bar.append(key);
        }
        this.canvas = element("canvas", { tabIndex: 0 });
        this.canvas.setAttribute("role", "img");
        this.canvas.setAttribute("aria-label", "Lanes of an event loop. Arrow keys go from event to event, plus and minus zoom, space pauses.");
        this.says = element("div", { className: "xray-says" });
        this.says.setAttribute("aria-live", "polite");
        figure.append(bar, this.canvas, this.says);
        place.replaceWith(figure);
        this.figure = figure;
        this.listen();
        this.draw();
    }

    button(bar, text, click) {
        const button = element("button", { type: "button", textContent: text });
        button.addEventListener("click", click);
        bar.append(button);
        return button;
    }

    listen() {
        this.canvas.addEventListener("mousemove", (event) => this.hover(event.offsetX, event.offsetY));
        this.canvas.addEventListener("wheel", (event) => {
            if (!event.ctrlKey && !event.shiftKey) return;
            event.preventDefault();
            this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX);
        }, { passive: false });
        this.canvas.addEventListener("pointerdown", (down) => {
            const left = this.window().left;
            const move = (event) => {
                this.left = left - (event.clientX - down.clientX) / this.window().scale;
                this.draw();
            };
            addEventListener("pointermove", move);
            addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
        });
        this.canvas.addEventListener("keydown", (event) => this.key(event));
        new ResizeObserver(() => this.draw()).observe(this.canvas);
        // The book's theme may be changed while the page is open.
        new MutationObserver(() => this.draw()).observe(document.documentElement, { attributes: true });
    }

    key(event) {
        const acts = {
            ArrowRight: () => this.choose(1),
            ArrowLeft: () => this.choose(-1),
            "+": () => this.zoom(1.6),
            "-": () => this.zoom(1 / 1.6),
            " ": () => this.live && this.pause(!this.paused),
        };
        if (!acts[event.key] || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        acts[event.key]();
    }

    add(text) {
        if (this.paused) return;
        this.trace.add(text);
        this.schedule();
    }

    pause(paused) {
        this.paused = paused;
        this.pauseButton.textContent = paused ? "Go on" : "Pause";
        this.draw();
    }

    fit() {
        this.scale = this.left = null;
        this.draw();
    }

    zoom(factor, x = LABELS + this.room() / 2) {
        const { left, scale } = this.window();
        this.scale = scale * factor;
        this.left = left + (x - LABELS) * (1 / scale - 1 / this.scale);
        this.draw();
    }

    choose(step) {
        const events = this.trace.events;
        if (!events.length) return;
        const at = this.chosen ? events.indexOf(this.chosen) + step : 0;
        this.chosen = events[Math.min(Math.max(at, 0), events.length - 1)];
        const { left, scale } = this.window();
        const x = (this.at(this.chosen) - left) * scale;
        if (x < 0 || x > this.room()) this.left = this.at(this.chosen) - this.room() / 2 / scale;
        this.tell(this.chosen);
        this.draw();
    }

    hover(x, y) {
        const near = this.marks.filter((mark) => Math.abs(mark.y - y) < LANE / 2 && Math.abs(mark.x - x) < 6);
        near.sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x));
        if (near.length) this.tell(near[0].event);
    }

    tell(event) {
        this.says.textContent = `${span(event.time - this.trace.begun)} · ${event.lane} · ${MEANINGS[event.what](event.value)}`;
    }

    /** Where an event stands on the line of time. */
    at(event) {
        return this.shortened ? event.at : event.time;
    }

    room() {
        return Math.max(this.canvas.clientWidth - LABELS - 12, 50);
    }

    /** The part of the line of time that is drawn. */
    window() {
        const events = this.trace.events;
        const first = events.length ? this.at(events[0]) : 0;
        const last = events.length ? this.at(events.at(-1)) : 1;
        const scale = this.scale ?? this.room() / Math.max(this.live ? Math.min(last - first, 20000) : last - first, 1);
        const left = this.left ?? (this.live ? Math.max(first, last - this.room() / scale) : first);
        return { left, scale, right: left + this.room() / scale };
    }

    schedule() {
        if (this.scheduled) return;
        this.scheduled = true;
        requestAnimationFrame(() => {
            this.scheduled = false;
            this.draw();
        });
    }

    draw() {
        const { left, scale, right } = this.window();
        const lanes = this.lanes(left, right);
        const context = this.prepare((lanes.size + 1) * LANE + AXIS);
        const x = (at) => LABELS + (Math.min(Math.max(at, left), right) - left) * scale;
        this.marks = [];
        let y = LANE / 2 + 4;
        for (const [name, lane] of lanes) {
            this.label(context, name, y);
            for (const bar of lane.bars) {
                context.fillStyle = this.colour(bar.state);
                context.fillRect(x(bar.from), y - 6, Math.max(x(bar.to ?? right) - x(bar.from), 1), 12);
            }
            for (const event of lane.events) this.mark(context, event, x(this.at(event)), y);
            y += LANE;
        }
        this.axis(context, x, left, right, y);
        this.figure.dataset.lanes = String(lanes.size);
        this.figure.dataset.events = String(this.trace.events.length + this.trace.dropped);
    }

    prepare(height) {
        const ratio = devicePixelRatio || 1;
        const width = this.canvas.clientWidth;
        this.canvas.style.height = `${height}px`;
        this.canvas.width = width * ratio;
        this.canvas.height = height * ratio;
        const context = this.canvas.getContext("2d");
        context.scale(ratio, ratio);
        context.font = "12px system-ui, sans-serif";
        context.textBaseline = "middle";
        this.style = getComputedStyle(this.figure);
        return context;
    }

    colour(name) {
        return this.style.getPropertyValue(`--${name}`) || "gray";
    }

    /** The lanes that show between two times: bars of states, and events. */
    lanes(left, right) {
        const lanes = new Map();
        for (const event of this.trace.events) {
            const at = this.at(event);
            if (at > right) break;
            const lane = lanes.get(event.lane) ?? { bars: [], events: [], isLoop: event.isLoop };
            lanes.set(event.lane, lane);
            const state = stateAfter(event);
            const open = lane.bars.at(-1);
            if (state !== undefined && open && open.to === undefined) open.to = at;
            if (state) lane.bars.push({ state, from: at });
            if (at >= left) lane.events.push(event);
        }
        const shown = [...lanes].filter(([, lane]) => lane.events.length || lane.bars.some((bar) => (bar.to ?? right) > left));
        shown.sort(([a, first], [b, second]) => second.isLoop - first.isLoop || a.localeCompare(b, "en", { numeric: true }));
        return new Map(shown.slice(0, LANES));
    }

    label(context, name, y) {
        context.fillStyle = this.colour("ink");
        context.fillText(name, 4, y);
    }

    mark(context, event, x, y) {
        this.marks.push({ event, x, y });
        context.fillStyle = this.colour("ink");
        const size = 3 + Math.min(Math.log10(Number(event.value) || 1), 5);
        const shapes = {
            in: () => triangle(context, x, y + 6, size, -1),
            out: () => triangle(context, x, y - 6, size, 1),
            file: () => context.fillRect(x - size / 2, y - 8, size, 5),
            due: () => context.fillRect(x - 1, y - 9, 2, 18),
        };
        shapes[event.what]?.();
        if (event === this.chosen) {
            context.strokeStyle = this.colour("ink");
            context.strokeRect(x - 5, y - 9, 10, 18);
        }
    }

    axis(context, x, left, right, y) {
        context.fillStyle = this.colour("ink");
        const shown = this.trace.events.filter((event) => this.at(event) >= left && this.at(event) <= right);
        if (!shown.length) {
            context.fillText(this.live ? "Nothing has moved yet." : "An empty trace.", LABELS, y);
            return;
        }
        const first = shown[0];
        const last = shown.at(-1);
        context.fillText(span(first.time - this.trace.begun), x(this.at(first)), y);
        context.textAlign = "right";
        context.fillText(span(last.time - this.trace.begun), Math.max(x(this.at(last)), LABELS + 160), y);
        context.textAlign = "left";
    }
}

/** What an event makes of its lane: a state, null for none any more, undefined for no change. */
function stateAfter(event) {
    switch (event.what) {
        case "wake": return "busy";
        case "wait": return null;
        case "state": return STATES.includes(event.value) ? event.value : null;
        case "close": return null;
        default: return undefined;
    }
}

function triangle(context, x, y, size, up) {
    context.beginPath();
    context.moveTo(x, y + up * -size);
    context.lineTo(x - size, y + up * size / 2);
    context.lineTo(x + size, y + up * size / 2);
    context.fill();
}

function element(name, properties) {
    return Object.assign(document.createElement(name), properties);
}

/** Draws lines that keep coming; asks again when they end, as they do when nothing happens for long. */
async function follow(view, address) {
    for (;;) {
        try {
            const response = await fetch(address, { cache: "no-store" });
            const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
            view.figure.dataset.listening = "yes";
            let rest = "";
            for (;;) {
                const { value, done } = await reader.read();
                if (done) break;
                const end = (rest + value).lastIndexOf("\n") + 1;
                view.add((rest + value).slice(0, end));
                rest = (rest + value).slice(end);
            }
        } catch {
            // The server has gone, or cut a quiet connection.
        }
        await new Promise((wake) => setTimeout(wake, 500));
    }
}

for (const place of document.querySelectorAll("pre.xray-live")) {
    follow(new View(place, { live: true }), place.dataset.from);
}
for (const code of document.querySelectorAll("code.language-trace")) {
    const view = new View(code.closest("pre"), { live: false });
    view.add(code.textContent);
}
