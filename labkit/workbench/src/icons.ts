// Icons in JupyterLab's own way: `jp-icon3` takes the theme's color.

/** A stack of layers with a tick. */
export const courseSvg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<g class="jp-icon3" fill="#616161"><path d="M3 16h9v3H3zM3 11h9v3H3zM3 6h9v3H3z"/>
<path d="M14.2 12.6l1.4-1.4 2.2 2.2 4.4-4.4 1.4 1.4-5.8 5.8z"/></g></svg>`;

/** Boxes on a line. */
export const containersSvg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<g class="jp-icon3" fill="#616161"><path d="M3 18h18v2H3zM3 11h5v5H3zM9.5 11h5v5h-5zM16 11h5v5h-5zM9.500 4.500h5v5h-5z"/></g></svg>`;
