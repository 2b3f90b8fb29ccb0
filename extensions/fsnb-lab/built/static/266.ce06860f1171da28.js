"use strict";(self.rspackChunkfsnb=self.rspackChunkfsnb||[]).push([[266],{646(o,e,n){var r=n(601),t=n.n(r),a=n(314),s=(n.n(a))()(t());s.push([o.id,`/*
 * All colours are JupyterLab's own variables, so that every theme fits. Those of states are drawn towards the text's
 * colour, black or white: by themselves they are too pale to read on a light ground, or too dark on a dark one.
 */

.fsnb-panel {
  --fsnb-good: color-mix(in srgb, var(--jp-success-color1) 55%, var(--jp-ui-font-color0));
  --fsnb-warn: color-mix(in srgb, var(--jp-warn-color1) 50%, var(--jp-ui-font-color0));
  --fsnb-bad: color-mix(in srgb, var(--jp-error-color1) 60%, var(--jp-ui-font-color0));

  min-width: 240px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.fsnb-body {
  display: flex;
  flex-direction: column;
  height: 100%;
  overflow: hidden;
}

.fsnb-body p,
.fsnb-body ul,
.fsnb-body ol,
.fsnb-body dl {
  margin: 0;
  padding: 0;
}

.fsnb-body button,
.fsnb-body select,
.fsnb-body input:not([type='checkbox']) {
  box-sizing: border-box;
  min-height: 24px;
  padding: 2px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font: inherit;
}

.fsnb-body button {
  cursor: pointer;
}

.fsnb-body button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.fsnb-body button:disabled {
  color: var(--jp-ui-font-color2);
  cursor: default;
}

.fsnb-body :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

.fsnb-body button.fsnb-plain {
  min-height: 20px;
  padding: 0 4px;
  border: 0;
  background: none;
  text-align: left;
}

.fsnb-body button.fsnb-plain:hover {
  text-decoration: underline;
}

.fsnb-body button.fsnb-plain[aria-current='true'] {
  font-weight: 600;
}

.fsnb-body button.fsnb-primary {
  border-color: var(--jp-brand-color0, var(--jp-brand-color1));
  color: var(--jp-ui-inverse-font-color1);
  background: var(--jp-brand-color0, var(--jp-brand-color1));
}

.fsnb-body button.fsnb-primary:disabled {
  opacity: 0.5;
}

.fsnb-unseen {
  position: absolute;
  overflow: hidden;
  width: 1px;
  height: 1px;
  clip-path: inset(50%);
  white-space: nowrap;
}

.fsnb-note {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0, 11px);
}

.fsnb-error {
  color: var(--fsnb-bad);
  overflow-wrap: anywhere;
}

.fsnb-error:empty {
  display: none;
}

/* ---------------------------------------------------------------- which catalog */

.fsnb-header {
  flex: none;
  padding: 8px 8px 0;
}

.fsnb-catalog {
  display: flex;
  gap: 4px;
}

.fsnb-catalog select {
  flex: 1;
  min-width: 0;
  text-overflow: ellipsis;
}

.fsnb-other {
  display: grid;
  grid-template-columns: 1fr auto auto;
  gap: 4px;
  padding-top: 4px;
}

.fsnb-other input {
  min-width: 0;
}

.fsnb-other p {
  grid-column: 1 / -1;
}

/* ---------------------------------------------------------------- tabs, search, facets */

.fsnb-tabs {
  display: flex;
  flex: none;
  padding: 6px 8px 0;
  border-bottom: 1px solid var(--jp-border-color2);
}

.fsnb-body .fsnb-tabs button {
  flex: 1;
  border: 0;
  border-bottom: 2px solid transparent;
  border-radius: 0;
  background: none;
  color: var(--jp-ui-font-color1);
}

.fsnb-body .fsnb-tabs button[aria-selected='true'] {
  border-bottom-color: var(--jp-brand-color1);
  font-weight: 600;
}

.fsnb-tabpanel {
  display: flex;
  flex: 1 1 40%;
  flex-direction: column;
  min-height: 120px;
}

.fsnb-search {
  flex: none;
  padding: 8px 8px 4px;
}

.fsnb-search input {
  width: 100%;
}

.fsnb-facets {
  display: flex;
  flex: none;
  flex-wrap: wrap;
  gap: 4px;
  align-items: center;
  max-height: 82px;
  padding: 2px 8px;
  overflow-y: auto;
}

.fsnb-facets > .fsnb-note {
  width: 44px;
}

.fsnb-body button.fsnb-facet {
  overflow: hidden;
  max-width: 140px;
  min-height: 20px;
  padding: 0 8px;
  border-radius: 10px;
  font-size: var(--jp-ui-font-size0, 11px);
  text-overflow: ellipsis;
  white-space: nowrap;
}

.fsnb-body button.fsnb-facet[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1);
  font-weight: 600;
}

/* ---------------------------------------------------------------- tree */

.fsnb-tree {
  flex: 1;
  min-height: 48px;
  margin-top: 4px;
  overflow: auto;
  contain: strict;
}

.fsnb-tree-all {
  position: relative;
}

.fsnb-row {
  position: absolute;
  right: 0;
  left: 0;
  display: flex;
  gap: 6px;
  align-items: center;
  box-sizing: border-box;
  height: 24px;
  padding-right: 8px;
  cursor: pointer;
  white-space: nowrap;
}

.fsnb-level-1 {
  padding-left: 4px;
  font-weight: 600;
}

.fsnb-level-2 {
  padding-left: 18px;
}

.fsnb-level-3 {
  padding-left: 44px;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.fsnb-row:hover {
  background: var(--jp-layout-color2);
}

.fsnb-row.fsnb-chosen {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

.fsnb-tree:focus .fsnb-active {
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1);
}

.fsnb-twisty {
  flex: none;
  width: 14px;
  text-align: center;
}

.fsnb-level-3 .fsnb-twisty {
  display: none;
}

.fsnb-name {
  overflow: hidden;
  flex: 0 1 auto;
  text-overflow: ellipsis;
}

.fsnb-row .fsnb-note {
  overflow: hidden;
  flex: 1 1 0;
  font-weight: normal;
  text-overflow: ellipsis;
}

.fsnb-state {
  flex: none;
  font-weight: 600;
}

.fsnb-state-certified,
.fsnb-good {
  color: var(--fsnb-good);
}

.fsnb-state-changed,
.fsnb-due {
  color: var(--fsnb-warn);
}

.fsnb-state-failed,
.fsnb-state-disagrees,
.fsnb-bad,
.fsnb-breaking {
  color: var(--fsnb-bad);
}

.fsnb-state-unpublished {
  color: var(--jp-ui-font-color2);
  font-weight: normal;
}

/* ---------------------------------------------------------------- empty, loading, error */

.fsnb-fill {
  flex: 1;
  min-height: 0;
  padding: 12px;
}

.fsnb-body .fsnb-empty p {
  margin-bottom: 8px;
}

.fsnb-body p.fsnb-fill {
  padding: 12px;
}

/* ---------------------------------------------------------------- details */

.fsnb-detail {
  display: flex;
  flex: 1 1 60%;
  flex-direction: column;
  min-height: 0;
  border-top: 2px solid var(--jp-border-color1);
}

.fsnb-detail > p {
  padding: 8px;
}

.fsnb-detail-head {
  display: flex;
  flex: none;
  align-items: center;
  padding: 4px 4px 4px 8px;
}

.fsnb-detail-head h2 {
  overflow: hidden;
  flex: 1;
  margin: 0;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.fsnb-scroll {
  flex: 1;
  min-height: 0;
  overflow: auto;
  padding: 0 8px 12px;
}

.fsnb-body .fsnb-scroll > * {
  margin-bottom: 8px;
}

.fsnb-actions {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
}

.fsnb-description {
  white-space: pre-line;
  overflow-wrap: anywhere;
}

.fsnb-fact {
  display: grid;
  grid-template-columns: 68px 1fr;
  gap: 6px;
}

.fsnb-fact dt {
  color: var(--jp-ui-font-color2);
}

.fsnb-fact dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.fsnb-part h3 {
  margin: 4px 0;
  padding-bottom: 2px;
  border-bottom: 1px solid var(--jp-border-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.fsnb-part ul,
.fsnb-part ol {
  list-style: none;
}

.fsnb-part li {
  overflow-wrap: anywhere;
}

.fsnb-part table {
  width: 100%;
  border-collapse: collapse;
  table-layout: fixed;
}

.fsnb-part th,
.fsnb-part td {
  overflow: hidden;
  padding: 1px 4px 1px 0;
  font-weight: normal;
  text-align: left;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.fsnb-features th:nth-child(2),
.fsnb-features td:nth-child(2) {
  width: 56px;
}

.fsnb-features th:nth-child(3),
.fsnb-features td:nth-child(3) {
  width: 72px;
}

.fsnb-part tbody th {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.fsnb-body .fsnb-features tbody th {
  overflow-wrap: anywhere;
  white-space: normal;
}

.fsnb-part thead th,
.fsnb-part td {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0, 11px);
}

.fsnb-part tr.fsnb-chosen {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

.fsnb-spark {
  display: block;
}

.fsnb-spark rect {
  fill: var(--jp-brand-color1);
}

.fsnb-cards {
  list-style: none;
}

.fsnb-body .fsnb-cards {
  padding: 8px;
}

.fsnb-card {
  padding: 6px 8px;
  border: 1px solid var(--jp-border-color2);
  border-radius: 3px;
}

.fsnb-body .fsnb-card p {
  overflow-wrap: anywhere;
}

.fsnb-card + .fsnb-card {
  margin-top: 6px;
}

.fsnb-card-head {
  display: flex;
  gap: 6px;
  align-items: center;
  justify-content: space-between;
}

.fsnb-card-head .fsnb-name {
  font-weight: 600;
  white-space: nowrap;
}

.fsnb-intervals {
  display: flex;
  gap: 10px;
}

.fsnb-lineage {
  overflow: auto;
  padding-bottom: 4px;
}

.fsnb-lineage svg {
  display: block;
}

.fsnb-box rect {
  fill: var(--jp-layout-color2);
  stroke: var(--jp-border-color0, var(--jp-border-color1));
}

.fsnb-box.fsnb-root rect {
  stroke: var(--jp-brand-color1);
  stroke-width: 2;
}

.fsnb-box.fsnb-opens {
  cursor: pointer;
}

.fsnb-box.fsnb-opens:hover rect {
  fill: var(--jp-layout-color3);
}

.fsnb-box text {
  fill: var(--jp-ui-font-color1);
  font-size: 12px;
}

.fsnb-box text.fsnb-box-kind {
  fill: var(--jp-ui-font-color2);
  font-size: 10px;
}

.fsnb-step {
  fill: none;
  stroke: var(--jp-ui-font-color2);
}

.fsnb-allow {
  display: block;
  padding-bottom: 6px;
}
`,""]),n.d(e,{},{A:s})},314(o){o.exports=function(o){var e=[];return e.toString=function(){return this.map(function(e){var n="",r=void 0!==e[5];return e[4]&&(n+="@supports (".concat(e[4],") {")),e[2]&&(n+="@media ".concat(e[2]," {")),r&&(n+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),n+=o(e),r&&(n+="}"),e[2]&&(n+="}"),e[4]&&(n+="}"),n}).join("")},e.i=function(o,n,r,t,a){"string"==typeof o&&(o=[[null,o,void 0]]);var s={};if(r)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(s[l]=!0)}for(var f=0;f<o.length;f++){var p=[].concat(o[f]);r&&s[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),n&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=n),t&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=t):p[4]="".concat(t)),e.push(p))}},e}},601(o){o.exports=function(o){return o[1]}},665(o,e,n){n.r(e);var r=n(72),t=n.n(r),a=n(825),s=n.n(a),i=n(659),l=n.n(i),f=n(56),p=n.n(f),d=n(540),b=n.n(d),c=n(113),u=n.n(c),x=n(646),h={};h.styleTagTransform=u(),h.setAttributes=p(),h.insert=l().bind(null,"head"),h.domAPI=s(),h.insertStyleElement=b(),t()(x.A,h);let v=x.A&&x.A.locals?x.A.locals:void 0;n.d(e,{},{default:v})},72(o){var e=[];function n(o){for(var n=-1,r=0;r<e.length;r++)if(e[r].identifier===o){n=r;break}return n}function r(o,r){for(var t={},a=[],s=0;s<o.length;s++){var i=o[s],l=r.base?i[0]+r.base:i[0],f=t[l]||0,p="".concat(l," ").concat(f);t[l]=f+1;var d=n(p),b={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==d)e[d].references++,e[d].updater(b);else{var c=function(o,e){var n=e.domAPI(e);return n.update(o),function(e){e?(e.css!==o.css||e.media!==o.media||e.sourceMap!==o.sourceMap||e.supports!==o.supports||e.layer!==o.layer)&&n.update(o=e):n.remove()}}(b,r);r.byIndex=s,e.splice(s,0,{identifier:p,updater:c,references:1})}a.push(p)}return a}o.exports=function(o,t){var a=r(o=o||[],t=t||{});return function(o){o=o||[];for(var s=0;s<a.length;s++){var i=n(a[s]);e[i].references--}for(var l=r(o,t),f=0;f<a.length;f++){var p=n(a[f]);0===e[p].references&&(e[p].updater(),e.splice(p,1))}a=l}}},659(o){var e={};o.exports=function(o,n){var r=function(o){if(void 0===e[o]){var n=document.querySelector(o);if(window.HTMLIFrameElement&&n instanceof window.HTMLIFrameElement)try{n=n.contentDocument.head}catch(o){n=null}e[o]=n}return e[o]}(o);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(n)}},540(o){o.exports=function(o){var e=document.createElement("style");return o.setAttributes(e,o.attributes),o.insert(e,o.options),e}},56(o,e,n){o.exports=function(o){var e=n.nc;e&&o.setAttribute("nonce",e)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=o.insertStyleElement(o);return{update:function(n){var r,t,a;r="",n.supports&&(r+="@supports (".concat(n.supports,") {")),n.media&&(r+="@media ".concat(n.media," {")),(t=void 0!==n.layer)&&(r+="@layer".concat(n.layer.length>0?" ".concat(n.layer):""," {")),r+=n.css,t&&(r+="}"),n.media&&(r+="}"),n.supports&&(r+="}"),(a=n.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),o.styleTagTransform(r,e,o.options)},remove:function(){var o;null===(o=e).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,e){if(e.styleSheet)e.styleSheet.cssText=o;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(o))}}}}]);