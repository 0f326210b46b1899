/// What of the page never changes.
extension StatusPage {
  static let style: HTML = """
    :root { color-scheme: light dark; --line: #8884; --quiet: #777; --green: #1a9c4b; --amber: #c98a00; --red: #d33a3a;
      --blue: #2f7de1; --grey: #8a8f98 }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
    header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap }
    h1 { font-size: 1.4rem; margin: 0 } header p { margin: 0; font-weight: 600 }
    header .quiet { font-weight: 400 } .quiet, footer, figcaption { color: var(--quiet) }
    table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
    caption { text-align: left; font-weight: 600; padding-bottom: .3rem }
    th { text-align: left; font-weight: 500; color: var(--quiet); font-size: .85rem }
    th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line) }
    td { max-width: 20rem; overflow-wrap: break-word } main { overflow-x: auto }
    .n { text-align: right; white-space: nowrap }
    .state { white-space: nowrap; border-radius: 1em; padding: .05em .7em; color: #fff; background: var(--grey); font-size: .85rem }
    .state.active { background: var(--green) } .state.failed { background: var(--red) }
    .state.starting, .state.waking { background: var(--blue) }
    .state.draining, .state.sleeping { background: var(--amber) }
    .success { color: var(--green) } .failed:not(.state) { color: var(--red) } .cancelled { color: var(--amber) }
    figure { margin: 1.5rem 0 } svg { width: 100%; height: .8rem; border-radius: .4rem; display: block }
    figcaption { font-size: .85rem; margin-top: .4rem } ul { display: inline; list-style: none; padding: 0 }
    li { display: inline-block; margin-left: 1rem } i { display: inline-block; width: .7em; height: .7em; border-radius: 50%;
      margin-right: .35em }
    rect { fill: var(--grey) } i { background: var(--grey) }
    rect.serving { fill: var(--green) } i.serving { background: var(--green) }
    rect.idle { fill: #8bbf9f } i.idle { background: #8bbf9f }
    rect.holding { fill: #b39ddb } i.holding { background: #b39ddb }
    rect.draining { fill: #e8c15a } i.draining { background: #e8c15a }
    rect.sleeping { fill: var(--amber) } i.sleeping { background: var(--amber) }
    rect.waking { fill: var(--blue) } i.waking { background: var(--blue) }
    footer { font-size: .85rem } .stale main { opacity: .5 }

    """

  /// Fetches the page's body anew when something has happened, which the events tell where they are to be had from here,
  /// and now and then in any case.
  static let script: HTML = """
    const refresh = async () => {
      try {
        const answer = await fetch("/", { signal: AbortSignal.timeout(5000) });
        const text = await answer.text();
        // The style and the script, whose nonces are other ones now, are here already.
        const body = text.slice(text.indexOf("<main>"), text.indexOf("<script"));
        const page = new DOMParser().parseFromString(body, "text/html");
        for (const part of ["main", "footer"])
          document.querySelector(part).replaceWith(page.querySelector(part));
        document.title = document.querySelector("header p").textContent + " · Switcher";
        document.body.classList.remove("stale");
      } catch {
        document.body.classList.add("stale");
      }
    };
    let timer;
    const soon = () => { timer ??= setTimeout(() => { timer = undefined; refresh(); }, 200); };
    if (document.body.dataset.events) {
      const events = new EventSource(document.body.dataset.events);
      for (const kind of ["state", "queue", "switch", "mode", "health", "policy", "reload"])
        events.addEventListener(kind, soon);
    }
    setInterval(() => { if (!document.hidden) soon(); }, 2000);

    """
}
