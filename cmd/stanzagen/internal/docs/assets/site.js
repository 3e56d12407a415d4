"use strict";

// The theme: that of the system, unless the button has chosen the other one.
(() => {
	const root = document.documentElement;
	const button = document.getElementById("theme");
	const system = matchMedia("(prefers-color-scheme: dark)");
	const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
	const show = () => {
		button.textContent = isDark() ? "Light" : "Dark";
		button.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
		button.setAttribute("aria-pressed", String(isDark()));
	};
	button.addEventListener("click", () => {
		const dark = !isDark();
		if (dark === system.matches) {
			delete root.dataset.theme;
		} else {
			root.dataset.theme = dark ? "dark" : "light";
		}
		try {
			if (root.dataset.theme) {
				localStorage.setItem("theme", root.dataset.theme);
			} else {
				localStorage.removeItem("theme");
			}
		} catch {
			// It holds for this page only.
		}
		show();
	});
	system.addEventListener("change", show);
	show();
})();

// Copying: the button's own text to copy, or else the code below its bar.
(() => {
	const write = async (text) => {
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			const area = document.createElement("textarea");
			area.value = text;
			document.body.append(area);
			area.select();
			document.execCommand("copy");
			area.remove();
		}
	};
	document.addEventListener("click", async (event) => {
		const button = event.target.closest("button.copy");
		if (!button || button.dataset.done) {
			return;
		}
		const code = button.closest(".code");
		await write(button.dataset.copy ?? code.querySelector("pre").textContent);
		const before = button.textContent;
		button.dataset.done = "true";
		button.textContent = "Copied";
		setTimeout(() => {
			button.textContent = before;
			delete button.dataset.done;
			button.focus({ preventScroll: true });
		}, 1200);
	});
})();

// Folded parts open for what is looked for in them; the contents of a page are folded on phones.
(() => {
	const reveal = () => {
		const id = decodeURIComponent(location.hash.slice(1));
		const target = id && document.getElementById(id);
		for (let e = target; e; e = e.parentElement) {
			if (e.tagName === "DETAILS") {
				e.open = true;
			}
		}
		if (target) {
			target.scrollIntoView();
		}
	};
	addEventListener("hashchange", reveal);
	const contents = document.querySelector(".contents details");
	if (contents && matchMedia("(max-width: 60rem)").matches) {
		contents.open = false;
	}
	reveal();
})();

// The search.
(() => {
	const index = window.stanzaIndex;
	const input = document.getElementById("q");
	const found = document.getElementById("found");
	const list = document.getElementById("results");
	const status = document.getElementById("status");
	const root = document.documentElement.dataset.root;
	const most = 40;

	// What an entry is found by, in small letters: its names, its namespace, and its package.
	const entries = index.entries.map(([kind, name, wire, ns, page, anchor]) => {
		const [path, pkg, spec, title] = index.pages[page];
		const number = spec.match(/^(?:XEP-0*|RFC )(\d+)$/)?.[1] ?? "";
		return {
			kind, name, wire, path, pkg, spec, title, number,
			ns: ns < 0 ? "" : index.namespaces[ns],
			anchor: anchor ?? name,
			go: kind === 0 ? pkg : pkg + "." + name,
			low: {
				name: name.toLowerCase(), wire: wire.toLowerCase(), pkg: pkg.toLowerCase(), go: (pkg + "." + name).toLowerCase(),
				ns: ns < 0 ? "" : index.namespaces[ns].toLowerCase(), spec: spec.toLowerCase(), title: title.toLowerCase(),
			},
		};
	});

	// Of the kinds, packages come first where all else is equal, then namespaces, elements, and so on.
	const weight = [9, 6, 5, 4, 3, 0, 7, 4, 0, 3];

	// score says how well an entry fits a word; 0 is not at all.
	const score = (e, word) => {
		const low = e.low;
		if (e.kind === 0) {
			const digits = word.match(/^(?:xep|rfc)?[- ]?0*(\d+)$/)?.[1];
			if (digits && digits === e.number) return 120;
			if (low.spec === word) return 120;
			if (low.pkg === word) return 100;
			if (low.pkg.startsWith(word)) return 60;
			if (low.title.split(/\W+/).some((w) => w.startsWith(word))) return 50;
			if (digits && e.number.startsWith(digits)) return 45;
			return low.title.includes(word) || low.pkg.includes(word) ? 20 : 0;
		}
		if (low.wire === word || low.name === word) return 90;
		if (low.go === word) return 95;
		if (e.kind === 6 || e.kind === 7) {
			if (low.ns === word) return 110;
			if (low.ns.endsWith(word)) return 55;
			if (low.ns.includes(word)) return 40;
		}
		if (low.wire.startsWith(word) || low.name.startsWith(word)) return 60;
		if (low.go.startsWith(word)) return 50;
		if (low.wire.includes(word) || low.name.includes(word)) return 30;
		if (e.kind !== 5 && e.kind !== 8 && (low.ns === word || low.ns.includes(word))) return 15;
		return low.pkg === word ? 10 : low.spec === word || (word.length > 2 && low.title.includes(word)) ? 5 : 0;
	};

	const search = (text) => {
		const words = text.toLowerCase().replace(/[<>"']/g, " ").replace(/\/(?=\s|$)/g, " ").split(/\s+/).filter(Boolean);
		if (words.length === 2 && /^(xep|rfc)$/.test(words[0])) {
			words.splice(0, 2, words[0] + "-" + words[1]);
		}
		const hits = [];
		if (words.length === 0) {
			return hits;
		}
		for (const e of entries) {
			let sum = 0;
			for (const word of words) {
				const s = score(e, word);
				if (s === 0) {
					sum = 0;
					break;
				}
				sum += s;
			}
			if (sum > 0) {
				hits.push([sum + weight[e.kind] / 10 - e.name.length / 1000, e]);
			}
		}
		hits.sort((a, b) => b[0] - a[0]);
		return hits.map((h) => h[1]);
	};

	const element = (tag, className, text) => {
		const e = document.createElement(tag);
		if (className) e.className = className;
		if (text !== undefined) e.textContent = text;
		return e;
	};

	const row = (e, i) => {
		const a = element("a", "hit");
		a.id = "hit-" + i;
		a.href = root + e.path + (e.anchor ? "#" + e.anchor : "");
		a.tabIndex = -1;
		a.setAttribute("role", "option");
		a.setAttribute("aria-selected", "false");
		const head = element("span", "hit-head");
		if (e.kind === 0) {
			head.append(element("span", "hit-title", e.title || e.spec));
		} else if (e.kind === 6 || e.kind === 7) {
			head.append(element("span", "hit-title ns", e.ns));
		} else if (e.wire && e.kind !== 5 && e.kind !== 8) {
			head.append(element("code", "wire", "<" + e.wire + "/>"));
		} else if (e.wire) {
			head.append(element("code", "", e.wire));
		}
		head.append(element("code", "hit-go", e.go));
		a.append(head);
		const foot = element("span", "hit-foot");
		foot.append(element("span", "hit-kind", index.kinds[e.kind]));
		foot.append(element("span", "", e.spec));
		if (e.ns && e.kind !== 6 && e.kind !== 7) foot.append(element("span", "ns", e.ns));
		a.append(foot);
		return a;
	};

	let at = -1;
	const select = (i) => {
		const rows = list.children;
		if (at >= 0 && rows[at]) rows[at].setAttribute("aria-selected", "false");
		at = rows.length === 0 ? -1 : (i + rows.length) % rows.length;
		if (at >= 0) {
			rows[at].setAttribute("aria-selected", "true");
			rows[at].scrollIntoView({ block: "nearest" });
			input.setAttribute("aria-activedescendant", rows[at].id);
		} else {
			input.removeAttribute("aria-activedescendant");
		}
	};
	const open = (yes) => {
		found.hidden = !yes;
		input.setAttribute("aria-expanded", String(yes));
		if (!yes) input.removeAttribute("aria-activedescendant");
	};
	const update = () => {
		const text = input.value.trim();
		const hits = search(text);
		list.replaceChildren(...hits.slice(0, most).map(row));
		at = -1;
		open(text !== "");
		status.textContent = hits.length === 0 ? "Nothing is called that." :
			hits.length > most ? `The first ${most} of ${hits.length}` : hits.length === 1 ? "1 result" : `${hits.length} results`;
		select(0);
	};

	input.addEventListener("input", update);
	input.addEventListener("focus", () => { if (input.value.trim() !== "" && found.hidden) update(); });
	input.addEventListener("keydown", (event) => {
		switch (event.key) {
		case "ArrowDown":
			event.preventDefault();
			if (found.hidden) update(); else select(at + 1);
			break;
		case "ArrowUp":
			event.preventDefault();
			select(at - 1);
			break;
		case "Enter":
			if (!found.hidden && at >= 0) {
				event.preventDefault();
				list.children[at].click();
			}
			break;
		case "Escape":
			if (found.hidden) {
				input.blur();
			} else {
				event.preventDefault(); // it would empty the field
				open(false);
			}
			break;
		}
	});
	list.addEventListener("click", () => open(false));
	document.addEventListener("click", (event) => { if (!event.target.closest(".search")) open(false); });
	document.addEventListener("focusin", (event) => { if (!event.target.closest(".search")) open(false); });
	document.addEventListener("keydown", (event) => {
		const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
		const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
		if (slash || event.key === "k" && (event.ctrlKey || event.metaKey)) {
			event.preventDefault();
			input.focus();
			input.select();
		}
	});
})();
