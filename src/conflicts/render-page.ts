import type { ConflictView } from './conflict-view.ts';
import { asHtml } from './render-html.ts';

const style = `
:root { color-scheme: light dark; --line: #8c959f; --quiet: #57606a; --back: #fff; --ink: #1f2328; --card: #f6f8fa;
  --del: #ffd7d5; --ins: #c7f0d2; }
@media (prefers-color-scheme: dark) {
  :root { --line: #6e7681; --quiet: #a6aeb7; --back: #0d1117; --ink: #e6edf3; --card: #161b22; --del: #6e2b2a; --ins: #1f5a32; }
}
body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0; font-family: ui-monospace, monospace; }
h2, p, small { overflow-wrap: anywhere; } p { margin: .25rem 0; }
.conflict { margin: 0 0 1.5rem; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  content-visibility: auto; contain-intrinsic-size: auto 14rem; }
.facts, small { color: var(--quiet); font-size: .85rem; font-weight: normal; }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .5rem; border: 1px solid var(--line); text-align: start; vertical-align: top; background: var(--back); }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.45 ui-monospace, monospace; }
del { background: var(--del); } ins { background: var(--ins); text-decoration: none; font-weight: 600; }
.cut, .absent { color: var(--quiet); font-style: italic; }
@media (max-width: 48rem) {
  body { padding: .5rem; } .conflict { padding: .75rem; }
  table, tbody, tr, td { display: block; } td + td { border-top: 0; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  td::before { content: attr(data-version); display: block; color: var(--quiet); font-weight: 600; font-size: .85rem; }
}
@media print { .conflict { break-inside: avoid; content-visibility: visible; } }
`;

/** A page of its own, for wide and narrow windows, light and dark. Nothing on it can be run or loaded. */
export function asPage(views: readonly ConflictView[]): string {
  const title = views.length === 0 ? 'No conflicts' : views.length === 1 ? '1 conflict' : `${views.length} conflicts`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${asHtml(views, 'h2')}</main>
</body>
</html>
`;
}
