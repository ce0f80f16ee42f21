/** The page's style: no font, script or picture from elsewhere, light and dark as the reader's system has it. */
export const htmlStyle = `
:root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #1c1c1a; --soft: #6b6a66; --rule: #e4e3df;
  --legacy: #c8591f; --new: #2a6fc9; --reads: #2a6fc9; --writes: #0f8a6a; --failed: #b3261e; --good: #1a7f37; --bad: #b3261e; --band: #f0efeb; }
@media (prefers-color-scheme: dark) { :root { --page: #161615; --card: #1f1f1d; --ink: #f0efec; --soft: #a09f9a; --rule: #363633;
  --legacy: #e58a56; --new: #6aa5ee; --reads: #6aa5ee; --writes: #4dbf9c; --failed: #f2857d; --good: #5cc57a; --bad: #f2857d; --band: #262623; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans KR", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 0 0 4px; } h3 { font-size: 14px; margin: 0 0 4px; font-weight: 600; }
p { margin: 0 0 12px; } .soft { color: var(--soft); }
.verdict { display: inline-block; padding: 3px 12px; border-radius: 999px; font-weight: 600; border: 1px solid currentColor; margin: 10px 0 18px; }
.good { color: var(--good); } .bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-bottom: 20px; }
.tile, section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.tile { padding: 14px 16px; } .tile b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; } .tile small { font-size: 14px; font-weight: 500; } .tile span { color: var(--soft); font-size: 13px; }
section { padding: 20px 22px; margin-bottom: 20px; overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 24px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
tr:last-child td { border-bottom: 0; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 18px; }
.legend { font-size: 13px; color: var(--soft); margin: 2px 0 8px; } .legend span { margin-right: 18px; white-space: nowrap; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
i.legacy { background: var(--legacy); } i.new { background: var(--new); } i.reads { background: var(--reads); } i.writes { background: var(--writes); } i.failed { background: var(--failed); }
svg { display: block; width: 100%; height: auto; } .plot { overflow-x: auto; } svg text { font: 12px system-ui, -apple-system, "Segoe UI", "Noto Sans KR", sans-serif; fill: var(--soft); }
svg text.label, svg text.value { fill: var(--ink); } svg text.label { font-size: 13px; }
.grid { stroke: var(--rule); stroke-width: 1; } .bound { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .fill { opacity: 0.14; stroke: none; }
.legacy { --colour: var(--legacy); } .new { --colour: var(--new); } .reads { --colour: var(--reads); } .writes { --colour: var(--writes); } .failed { --colour: var(--failed); }
.line { stroke: var(--colour); } .fill, .bar, .dot { fill: var(--colour); } .dot { stroke: var(--card); stroke-width: 1.5; }
.quiet { opacity: 0; }
.band0 { fill: transparent; } .band1 { fill: var(--band); }
code { font: 13px ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
`;
