// Runs before the page is painted, so that a chosen theme does not flash.
"use strict";
document.documentElement.classList.add("js");
try {
	const chosen = localStorage.getItem("theme");
	if (chosen === "light" || chosen === "dark") {
		document.documentElement.dataset.theme = chosen;
	}
} catch {
	// A browser may keep storage from pages of a folder: then the system's theme it is.
}
