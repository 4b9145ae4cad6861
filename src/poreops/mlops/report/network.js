// Draws the pore network of the page: turned by dragging, enlarged by the wheel or two fingers.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("network-data").textContent);
  const canvas = document.getElementById("network"), pen = canvas.getContext("2d");
  const choice = document.getElementById("network-colour"), scale = document.getElementById("network-scale");
  // viridis, and black to yellow for what is off: both rise in lightness
  const maps = [
    [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
    [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]],
  ];
  let shown = 0, turn = 0.6, tilt = 0.35, zoom = 1;

  const colour = (map, x) => {
    const place = x * (map.length - 1), k = Math.min(map.length - 2, Math.floor(place)), t = place - k;
    return map[k].map((c, i) => Math.round(c + t * (map[k + 1][i] - c)));
  };
  const css = (rgb, alpha) => `rgba(${rgb.join(",")},${alpha})`;
  const middle = [0, 1, 2].map((axis) => {
    const values = data.pores.map((p) => p[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  });

  function draw() {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const size = (zoom * 0.58 * Math.min(width, height)) / 1000;
    const [ct, st, cp, sp] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const at = data.pores.map((p) => {
      const [x, y, z] = p.map((value, axis) => value - middle[axis]);
      const a = ct * x + st * y, b = ct * y - st * x;
      const depth = cp * b - sp * z;
      return [width / 2 + size * a, height / 2 - size * (cp * z + sp * b), depth];
    });
    const values = data.colours[shown].values, map = maps[shown % maps.length];
    const order = data.throats.map(([i, j], k) => [at[i][2] + at[j][2], k]).sort((p, q) => q[0] - p[0]);
    pen.lineCap = "round";
    for (const [depth, k] of order) {
      const [i, j] = data.throats[k];
      const near = 0.5 - depth / 3600; // 0 far, 1 near
      pen.strokeStyle = css(colour(map, values[k]), 0.45 + 0.5 * Math.max(0, Math.min(1, near)));
      pen.lineWidth = Math.max(0.8, (1.2 + 2.2 * near) * Math.sqrt(zoom));
      pen.beginPath();
      pen.moveTo(at[i][0], at[i][1]);
      pen.lineTo(at[j][0], at[j][1]);
      pen.stroke();
    }
    pen.fillStyle = getComputedStyle(canvas).color;
    for (const [x, y, depth] of at) {
      pen.beginPath();
      pen.arc(x, y, Math.max(0.8, (1.6 - depth / 1500) * Math.sqrt(zoom)), 0, 2 * Math.PI);
      pen.fill();
    }
  }

  function show(index) {
    shown = index;
    const { low, high, unit, logarithmic } = data.colours[index], map = maps[index % maps.length];
    scale.style.background = `linear-gradient(90deg, ${map.map((c) => css(c, 1)).join(",")})`;
    document.getElementById("network-low").textContent = `${low} ${unit}`;
    document.getElementById("network-high").textContent =
      `${high} ${unit}${logarithmic ? " (logarithmic)" : ""}`;
    draw();
  }

  const fingers = new Map();
  let spread = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    spread = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 1) {
      turn += (event.clientX - last[0]) / 120;
      tilt = Math.max(-1.5, Math.min(1.5, tilt + (event.clientY - last[1]) / 120));
    } else {
      const [p, q] = [...fingers.values()], apart = Math.hypot(p[0] - q[0], p[1] - q[1]);
      if (spread) zoom = Math.max(0.3, Math.min(8, (zoom * apart) / spread));
      spread = apart;
    }
    draw();
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, (event) => { fingers.delete(event.pointerId); spread = 0; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom = Math.max(0.3, Math.min(8, zoom * Math.exp(-event.deltaY / 600)));
    draw();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (!step) return;
    event.preventDefault();
    turn += step[0];
    tilt = Math.max(-1.5, Math.min(1.5, tilt + step[1]));
    draw();
  });
  choice.addEventListener("change", () => show(Number(choice.value)));
  window.addEventListener("resize", draw);
  show(0);
})();
