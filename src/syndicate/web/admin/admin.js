// Keeps the parts of a page that can change fresh. Without it everything works, by reloading.
(() => {
  "use strict";
  const seconds = Number(document.currentScript.dataset.seconds || 0);
  if (!seconds || !window.fetch || !window.DOMParser) return;

  let running = true;
  let timer = 0;
  let busy = false;

  const place = document.createElement("div");
  place.className = "pulse";
  const button = document.createElement("button");
  button.type = "button";
  const state = document.createElement("span");
  place.append(state, button);

  const show = (words) => {
    state.textContent = words;
    button.textContent = running ? "Pause live updates" : "Resume live updates";
  };

  const swap = (fresh) => {
    for (const region of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(region.id);
      // Where somebody is at work nothing moves under their hands.
      if (!other || region.contains(document.activeElement) || other.innerHTML === region.innerHTML) continue;
      region.replaceChildren(...other.childNodes);
    }
  };

  const look = async () => {
    if (busy || !running || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect") { running = false; show("You are logged out: reload the page."); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      show(`Updated ${new Date().toLocaleTimeString("en-GB")}`);
    } catch {
      show("No answer; trying again");
    } finally {
      busy = false;
    }
  };

  button.addEventListener("click", () => {
    running = !running;
    show(running ? "Live" : "Paused");
    if (running) look();
  });
  document.addEventListener("visibilitychange", look);
  show("Live");
  document.querySelector("main").append(place);
  timer = setInterval(look, seconds * 1000);
  window.addEventListener("pagehide", () => clearInterval(timer));
})();
