// What the pages can do beyond paper while the course's own server serves them: ticks for solved
// exercises, step 2's parser under the reader's fingers, and the x-ray of the server itself.
//
// A page that was not fetched from this machine, or is served by another server, stays as it is: every
// part is made here, and only when the server has answered.
"use strict";

(function live() {
    const HERE = ["127.0.0.1", "localhost", "[::1]"];
    if (!HERE.includes(location.hostname)) return;

    /** Asks the server of the book; null when it is another one. */
    async function ask(what, options = {}) {
        try {
            const response = await fetch(`/.live/${what}`, { cache: "no-store", ...options });
            return response.ok ? await response.json() : null;
        } catch {
            return null;
        }
    }

    function make(name, properties = {}, ...children) {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    }

    // --- progress -----------------------------------------------------------------------------

    function mark(exercise) {
        const box = document.querySelector(`.exercise[data-exercise="${exercise.id}"]`);
        if (!box || exercise.solved === null) return;
        const text = exercise.solved ? "✓ solved" : "begun";
        box.classList.add(exercise.solved ? "solved" : "begun");
        box.prepend(make("span", { className: "exercise-state", textContent: text }));
    }

    /** Ticks, in the list of contents, the chapters whose exercises are all solved. */
    function tick(exercises) {
        const chapters = new Map();
        for (const { chapter, solved } of exercises) {
            const all = chapters.get(chapter) ?? { solved: 0, count: 0 };
            all.count += 1;
            all.solved += solved === true ? 1 : 0;
            chapters.set(chapter, all);
        }
        const list = document.querySelector("#mdbook-sidebar") ?? document;
        for (const link of list.querySelectorAll("a[href]")) {
            const number = /\/(\d)-(\d)-[^/]*\.html$/.exec(link.pathname);
            const all = number && chapters.get(`${number[1]}.${number[2]}`);
            if (!all || all.solved === 0 || link.querySelector(".chapter-state")) continue;
            const whole = all.solved === all.count;
            const text = whole ? "✓" : `${all.solved}/${all.count}`;
            const label = `${all.solved} of ${all.count} exercises solved`;
            const state = make("span", { className: "chapter-state", textContent: text, title: label });
            state.setAttribute("aria-label", label);
            link.append(state);
        }
    }

    // --- octets -------------------------------------------------------------------------------

    const ESCAPES = { r: 13, n: 10, t: 9, 0: 0, "\\": 92 };

    /** The octets that a text with \r, \n, \t, \0, \\ and \xHH stands for. */
    function octets(text) {
        const escape = /\\x([0-9a-fA-F]{2})|\\([rnt0\\])|[^\\]|\\/gu;
        const all = [];
        for (const [piece, hex, letter] of text.replaceAll("\n", "").matchAll(escape)) {
            if (hex) all.push(parseInt(hex, 16));
            else if (letter) all.push(ESCAPES[letter]);
            else all.push(...new TextEncoder().encode(piece));
        }
        return Uint8Array.from(all);
    }

    function shown(octet) {
        if (octet === 13) return "\\r";
        if (octet === 10) return "\\n";
        if (octet === 32) return "·";
        return octet > 32 && octet < 127 ? String.fromCharCode(octet) : octet.toString(16).padStart(2, "0");
    }

    /** A box in which octets are typed, and the parser says what it makes of them. */
    class Octets {
        constructor(place) {
            const name = `octets-${place.dataset.name ?? "typed"}`;
            this.text = make("textarea", { id: name, rows: 3, spellcheck: false, value: place.dataset.octets ?? "" });
            this.text.maxLength = 1000;
            this.strip = make("div", { className: "octets-strip" });
            this.strip.setAttribute("aria-hidden", "true");
            this.slider = make("input", { type: "range", min: 0, id: `${name}-come` });
            this.come = make("label", { htmlFor: this.slider.id });
            this.says = make("ol", { className: "octets-says" });
            this.says.setAttribute("aria-live", "polite");
            place.append(
                make("p", { textContent: place.dataset.says ?? "" }),
                make("label", { htmlFor: name, textContent: "Octets, with \\r and \\n written out:" }),
                this.text, this.strip,
                make("div", { className: "octets-bar" }, this.slider, this.come), this.says,
            );
            this.text.addEventListener("input", () => this.ask());
            this.slider.addEventListener("input", () => this.draw());
            this.ask();
        }

        async ask() {
            const typed = octets(this.text.value);
            const told = await ask("octets", { method: "POST", body: typed });
            // Answers may overtake each other; only the last question counts.
            if (told === null || typed.join() !== octets(this.text.value).join()) return;
            this.octets = typed;
            this.told = told;
            this.slider.max = typed.length;
            this.slider.value = typed.length;
            this.draw();
        }

        draw() {
            const come = Number(this.slider.value);
            this.come.textContent = `${come} of ${this.octets.length} octets have come`;
            const cells = [...this.octets].map((octet, index) => {
                const cell = make("span", { textContent: shown(octet) });
                cell.classList.toggle("to-come", index >= come);
                const said = this.told.findLast((told) => told.after === index + 1);
                if (said) cell.classList.add(`says-${said.kind}`);
                return cell;
            });
            this.strip.replaceChildren(...cells);
            const said = this.told.filter((told) => told.after <= come).map((told) => {
                const item = make("li", { textContent: `after ${told.after}: ${told.says}` });
                item.classList.add(`says-${told.kind}`);
                return item;
            });
            const nothing = make("li", { textContent: "Nothing yet: it needs more." });
            this.says.replaceChildren(...(said.length ? said : [nothing]));
            this.says.dataset.told = String(said.length);
        }
    }

    // --- the server that serves this page ---------------------------------------------------------

    function xray(place) {
        const command = `curl -s http://${location.host}/ | wc -c`;
        place.append(
            make("p", {}, "These are the loops of the server that sent you this page. Poke it from a terminal:"),
            make("pre", {}, make("code", { textContent: command })),
        );
        const drawing = make("pre");
        place.append(drawing);
        // Made by xray.js, which draws recorded traces, too.
        follow(new View(drawing, { live: true }), "/.xray/trace");
    }

    async function begin() {
        const exercises = await ask("progress");
        if (exercises === null) return;
        document.documentElement.classList.add("is-live");
        exercises.forEach(mark);
        tick(exercises);
        // The list of contents is made by a script of its own, perhaps after this one.
        new MutationObserver(() => tick(exercises)).observe(document.body, { childList: true, subtree: true });
        document.querySelectorAll(".live-octets").forEach((place) => new Octets(place));
        document.querySelectorAll(".live-xray").forEach(xray);
    }

    addEventListener("load", begin);
})();
