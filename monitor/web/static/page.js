"use strict";
// Keeps the page as the daemon is: sections that changed come over one stream and take the place
// of what they were; ages tick here. Everything that is put in was escaped by the server.
(() => {
  const LOST_AFTER_MS = 40000; // two heartbeats and a half
  const line = document.getElementById("line");
  let heard = Date.now();
  let dark = ""; // why there is nothing to be told, as the stream itself says
  let skew = 0;

  // --- ages ---------------------------------------------------------------------------------
  function spelled(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} m`;
    return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
  }
  function tick() {
    // By the daemon's clock: a story's runs elsewhere, and a phone's may be off.
    const now = Date.now() + skew;
    for (const one of document.querySelectorAll("time[datetime]")) {
      const told = `${spelled((now - Date.parse(one.dateTime)) / 1000)} ago`;
      if (one.textContent !== told) one.textContent = told;
    }
    const silent = Date.now() - heard > LOST_AFTER_MS;
    lost(silent ? "Nothing is heard from Hedgewatch any more" : dark && `Nothing can be told: ${dark}`);
  }
  function lost(why) {
    document.body.classList.toggle("lost", why !== "");
    const told = why && `${why}. What is shown is old, and unknown now.`;
    if (line.textContent !== told) line.textContent = told;
  }
  function setClock(told) {
    const at = Date.parse(told ?? "");
    if (!Number.isNaN(at)) skew = at - Date.now();
  }

  // --- sections -----------------------------------------------------------------------------
  function put(name, html) {
    const place = document.getElementById(name);
    if (!place) return;
    const open = new Set([...place.querySelectorAll("details[open]")].map((d) => d.dataset.key));
    const kept = document.activeElement?.closest("[data-key]")?.dataset.key;
    const within = place.contains(document.activeElement);
    const charts = [...place.querySelectorAll(".chart")];
    place.innerHTML = html;
    for (const one of place.querySelectorAll("details")) {
      if (open.has(one.dataset.key)) one.open = true;
    }
    for (const one of charts) document.getElementById(one.id)?.replaceWith(one);
    if (within && kept) {
      const again = place.querySelector(`[data-key="${CSS.escape(kept)}"]`);
      (again?.querySelector("summary") ?? again)?.focus({ preventScroll: true });
    }
  }
  function listen() {
    const since = encodeURIComponent(document.body.dataset.stamp ?? "");
    const stream = new EventSource(`events?since=${since}`);
    stream.addEventListener("parts", (event) => {
      heard = Date.now();
      dark = "";
      const { at, parts } = JSON.parse(event.data);
      for (const [name, html] of Object.entries(parts)) put(name, html);
      setClock(at);
      if ("charts" in parts) draw();
      tick();
    });
    stream.addEventListener("alive", (event) => {
      heard = Date.now();
      dark = "";
      setClock(event.data);
      tick();
    });
    stream.addEventListener("dark", (event) => { heard = Date.now(); dark = event.data; tick(); });
    stream.addEventListener("open", () => { heard = Date.now(); });
    stream.addEventListener("error", () => {
      // The browser asks again by itself, but not after an answer that says no.
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    });
  }

  // --- charts -------------------------------------------------------------------------------
  const plots = [];
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  const AXIS = () => ({ stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line") } });
  function when(seconds, step) {
    const at = new Date(seconds * 1000);
    const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
    const clock = at.toISOString().slice(11, 16);
    if (step >= 86400) return day;
    return step && clock !== "00:00" ? clock : step ? day : `${day} ${clock}`;
  }
  function plot(id, columns, series, scales, axes) {
    const place = document.getElementById(id);
    if (!place) return;
    place.replaceChildren();
    const time = { ...AXIS(), values: (u, at, a, space, step) => at.map((s) => when(s, step)) };
    const axis = AXIS();
    const options = {
      width: place.clientWidth, height: 220, title: place.dataset.title,
      legend: { markers: { dash: (u, i) => (!series[i - 1]?.dash ? "solid" : series[i - 1].dash[0] > 4 ? "dashed" : "dotted") } },
      cursor: { drag: { x: true, y: false } },
      tzDate: (s) => uPlot.tzDate(new Date(s * 1e3), "Etc/UTC"),
      series: [{ value: (u, s) => `${when(s ?? u.data[0].at(-1), 0)} UTC` }, ...series], scales: { x: { time: true }, ...scales },
      axes: [time, ...axes.map((one) => ({ ...axis, size: 62, ...one }))],
    };
    const made = new uPlot(options, columns, place);
    made.root.setAttribute("role", "img");
    made.root.setAttribute("aria-label", `${place.dataset.title}; the last figures stand below`);
    plots.push([made, place]);
  }
  async function draw() {
    if (typeof uPlot === "undefined") {
      const note = document.getElementById("chart-note");
      if (note) note.append(" The drawing library is not here: `make setup` fetches it.");
      return;
    }
    const answer = await fetch("series.json");
    if (!answer.ok) return;
    const told = await answer.json();
    for (const [one] of plots.splice(0)) one.destroy();
    if (told.at.length < 2) return;
    // With no pointer over it, and so for keyboards and phones, the legend tells the last figures.
    const shown = (spelled) => (u, v, series, at) => {
      const told = at == null ? u.data[series].at(-1) : v;
      return told == null ? "unknown" : signed(spelled(told));
    };
    const signed = (text) => text.replace("-", "−");
    const usd = shown((v) => `${Math.round(v).toLocaleString("en-US")} USD`);
    const pc = shown((v) => `${v.toFixed(2)} %`);
    const money = (u, values) => values.map((v) => signed(v.toLocaleString("en-US")));
    plot("chart-usd", [told.at, told.lost_usd, told.hedge_usd, told.together_usd], [
      { label: "IL", stroke: colour("--loud"), width: 2, value: usd },
      { label: "hedge", stroke: colour("--calm"), width: 2, dash: [8, 4], value: usd },
      { label: "together", stroke: colour("--ink"), width: 1.5, dash: [2, 3], value: usd },
    ], {}, [{ values: money }]);
    plot("chart-il", [told.at, told.il, told.vix], [
      { label: "IL", stroke: colour("--loud"), width: 2, value: pc },
      { label: "VIX", stroke: colour("--wait"), width: 2, dash: [8, 4], scale: "vix",
        value: shown((v) => v.toFixed(1)) },
    ], { vix: {} }, [{ values: (u, vs) => vs.map((v) => signed(`${v} %`)) },
      { scale: "vix", side: 1, grid: { show: false }, size: 40 }]);
  }
  let resizing = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => {
      for (const [one, place] of plots) one.setSize({ width: place.clientWidth, height: 220 });
    }, 150);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  setClock(document.body.dataset.at);
  setInterval(tick, 1000);
  draw();
  listen();
})();
