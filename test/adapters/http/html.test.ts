import { expect, test } from 'vitest';
import { Html, html } from '../../../adapters/http/html.ts';

test('whatever is put into HTML is escaped, lists are joined, and HTML stays HTML', () => {
  const hostile = `<script>"'&`;
  expect(html`<p title="${hostile}">${[hostile, new Html('<b>x</b>'), undefined, 3]}</p>`.text).toBe(
    '<p title="&lt;script&gt;&quot;&#39;&amp;">&lt;script&gt;&quot;&#39;&amp;<b>x</b>3</p>',
  );
});
