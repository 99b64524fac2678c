'use strict';
// Draws the plots of the report that stands in the page. The words, and the figures as tables, are there without it.
//
// Each plot can be saved as a picture: an SVG file that stands by itself, with its title, light or dark as whoever looks at it has it.
// The link below a plot draws its picture when it is followed. With the page's address ending in #pictures all links are filled at once:
// lab/pictures reads them out of the page in that way.
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const plots = report.scenarios.flatMap(scenario => scenario.plots.map(plot => ({...plot, id: `${scenario.name}-${plot.name}`})));
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const NARROW = 620;
  const FONT = 'system-ui, "Noto Sans", "Noto Sans KR", sans-serif';
  const PICTURE_WIDTH = 860;
  // Those of the library that sit on their point; then a triangle on its head, an hourglass, a plus and a cross.
  const CROSS = 'path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z';
  const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'path://M0,0L10,0L5,9Z', 'path://M0,0L10,0L6,5L10,10L0,10L4,5Z',
    'path://M3,0L7,0L7,3L10,3L10,7L7,7L7,10L3,10L3,7L0,7L0,3L3,3Z', CROSS];
  // Told apart by people who see no red or no green as well; brighter on a dark ground.
  const COLOURS = {
    light: ['#0072b2', '#d55e00', '#00845f', '#b0447f', '#8a6d00', '#3b8fc4', '#6a3d9a', '#555555'],
    dark: ['#56a9e8', '#ff8a50', '#35c79c', '#ec9cc8', '#e5c04c', '#9ad6fa', '#bb9bec', '#c2c7cd'],
  };
  const LANE_COLOURS = {
    light: ['#0072b2', '#c9c9bf', '#d55e00', '#00845f', '#b0447f', '#8a6d00', '#6a3d9a', '#555555'],
    dark: ['#56a9e8', '#4a525c', '#ff8a50', '#35c79c', '#ec9cc8', '#e5c04c', '#bb9bec', '#c2c7cd'],
  };

  const number = value => {
    const size = Math.abs(value);
    const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return value.toLocaleString('en', {minimumFractionDigits: 0, maximumFractionDigits: digits});
  };
  // Where there is little room: 10K, 1M.
  const short = value => Math.abs(value) < 1000 ? number(value) : value.toLocaleString('en', {notation: 'compact'});
  const spread = figure => figure.rounds.length < 2
    ? number(figure.median)
    : `${number(figure.median)} <small>(${number(figure.lowest)} – ${number(figure.highest)})</small>`;
  const plain = text => echarts.format.encodeHTML(text);

  const look = isDark => {
    return {
      colours: isDark ? COLOURS.dark : COLOURS.light,
      laneColours: isDark ? LANE_COLOURS.dark : LANE_COLOURS.light,
      text: isDark ? '#e6e8ea' : '#1f2328',
      faint: isDark ? '#a3abb5' : '#59616b',
      line: isDark ? '#3a414a' : '#dcdcd4',
      ground: isDark ? '#16191d' : '#fdfdfb',
      raised: isDark ? '#20252b' : '#ffffff',
      band: isDark ? '#242a31' : '#f1f0e9',
      top: 0, // what is kept free above, for a title
    };
  };
  const base = style => ({
    animation: false,
    textStyle: {color: style.text, fontFamily: FONT},
    tooltip: {
      confine: true, backgroundColor: style.raised, borderColor: style.line, textStyle: {color: style.text, fontSize: 13},
    },
  });
  const axis = style => ({
    nameTextStyle: {color: style.faint, fontSize: 13},
    axisLabel: {color: style.faint, fontSize: 12, hideOverlap: true},
    axisLine: {lineStyle: {color: style.faint}},
    splitLine: {lineStyle: {color: style.line}},
  });

  // A legend takes as many lines as its words need at this width.
  const LEGEND_LINE = 22;
  const legendLines = (names, width) => {
    let lines = 1;
    let used = 0;
    for (const name of names) {
      const needs = echarts.format.getTextRect(name, '12px sans-serif').width + 46; // its mark, and the gaps
      if (used > 0 && used + needs > width) {
        lines++;
        used = 0;
      }
      used += needs;
    }
    return lines;
  };
  const legend = (style, names, place) => ({
    left: 'center', itemGap: 10, textStyle: {color: style.text, fontSize: 12}, data: names, ...place,
  });

  // From the lowest to the highest round, upright or lying.
  const whiskers = (name, colour, data, lying, labels = [], from0 = 0) => ({
    type: 'custom', name, data, silent: true, z: 1, itemStyle: {color: colour}, tooltip: {show: false},
    encode: lying ? {x: [1, 2], y: 0} : {x: 0, y: [1, 2]},
    renderItem: (params, api) => {
      const place = api.value(0);
      const from = api.coord(lying ? [api.value(1), place] : [place, api.value(1)]);
      const to = api.coord(lying ? [api.value(2), place] : [place, api.value(2)]);
      const line = {
        type: 'line', shape: {x1: from[0], y1: from[1], x2: to[0], y2: to[1]},
        style: {stroke: colour, lineWidth: lying ? 2 : 1.5, opacity: lying ? 1 : 0.6},
      };
      if (labels.length === 0) {
        return line;
      }
      const label = {
        type: 'text', x: Math.max(to[0], api.coord([from0, place])[0]) + 8, y: to[1],
        style: {text: labels[params.dataIndex], fill: colour, font: '13px system-ui, sans-serif', textVerticalAlign: 'middle'},
      };
      return {type: 'group', children: [line, label]};
    },
  });

  // The names of the curves, right of their last points: apart from each other, with a line to the point where a name had to give way.
  const NAME_HEIGHT = 16;
  const curveNames = (plot, places, colour) => ({
    type: 'custom', silent: true, z: 3, tooltip: {show: false}, data: [[places.length - 1, plot.curves[0].points.at(-1).median]],
    renderItem: (params, api) => {
      const names = plot.curves.map((curve, index) => {
        const last = curve.points.at(-1);
        const [x, y] = api.coord([places.indexOf(last.at), last.median]);
        return {text: curve.name, x, y, at: y, colour: colour(index), isLast: last.at === places.at(-1)};
      });
      const area = params.coordSys;
      const column = names.filter(name => name.isLast).sort((one, other) => one.y - other.y);
      column.forEach((name, index) => {
        name.at = Math.max(name.y, index === 0 ? area.y : column[index - 1].at + NAME_HEIGHT);
      });
      for (let index = column.length - 1, lowest = area.y + area.height; index >= 0; index--, lowest = column[index + 1].at - NAME_HEIGHT) {
        column[index].at = Math.min(column[index].at, lowest);
      }
      return {
        type: 'group',
        children: names.flatMap(name => [
          {
            type: 'text', x: name.x + (name.isLast ? 20 : 0), y: name.isLast ? name.at : name.y - 14,
            style: {text: name.text, fill: name.colour, font: '12px system-ui, sans-serif', textVerticalAlign: 'middle',
              textAlign: name.isLast ? 'left' : 'center'},
          },
          ...name.isLast && Math.abs(name.at - name.y) > 3 ? [{
            type: 'line', shape: {x1: name.x + 7, y1: name.y, x2: name.x + 18, y2: name.at}, style: {stroke: name.colour, lineWidth: 1},
          }] : [],
        ]),
      };
    },
  });

  const curveLegendHeight = (plot, width) => 8 + LEGEND_LINE * legendLines(plot.curves.map(curve => curve.name), width);

  const curves = (plot, style, narrow, width) => {
    const colour = index => style.colours[index % style.colours.length];
    const places = [...new Set(plot.curves.flatMap(curve => curve.points.map(point => point.at)))].sort((a, b) => a - b);
    const lines = plot.curves.map((curve, index) => ({
      type: 'line', name: curve.name, z: 2, symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: 9,
      lineStyle: {color: colour(index), width: 2}, itemStyle: {color: colour(index)},
      data: curve.points.map(point => ({
        value: [places.indexOf(point.at), point.median], figure: point,
        itemStyle: point.doubtful ? {color: style.ground, borderColor: colour(index), borderWidth: 2} : undefined,
      })),
    }));
    const spreads = plot.curves.map((curve, index) => whiskers(curve.name, colour(index),
      curve.points.map(point => [places.indexOf(point.at), point.lowest, point.highest]), false));
    return {
      ...base(style),
      legend: {show: narrow, ...legend(style, plot.curves.map(curve => curve.name), {bottom: 0})},
      grid: {
        left: 12, right: narrow ? 20 : 120, top: style.top + 40,
        bottom: 44 + (narrow ? curveLegendHeight(plot, width) : 0), containLabel: true,
      },
      tooltip: {
        ...base(style).tooltip, trigger: 'axis',
        formatter: all => {
          const points = all.filter(one => one.data && one.data.figure);
          return points.length === 0 ? '' : `<b>${number(points[0].data.figure.at)} ${plain(plot.across)}</b><br>` + points
            .sort((one, other) => other.data.figure.median - one.data.figure.median)
            .map(one => `${one.marker}${plain(one.seriesName)}: ${spread(one.data.figure)}${one.data.figure.doubtful ? ' at least' : ''}`)
            .join('<br>');
        },
      },
      // Steps of about the same factor lie at the same distance, and each has its own label.
      xAxis: {
        ...axis(style), type: 'category', name: plot.across, nameLocation: 'middle', nameGap: 32, boundaryGap: false,
        data: places.map(number), axisTick: {alignWithLabel: true}, axisLabel: {...axis(style).axisLabel, hideOverlap: false, margin: 12},
      },
      yAxis: {
        ...axis(style), type: plot.logarithmic ? 'log' : 'value', name: plot.up, nameLocation: 'end',
        nameTextStyle: {color: style.faint, fontSize: 13, align: 'left'}, axisLabel: {...axis(style).axisLabel, formatter: number},
      },
      series: [...lines, ...spreads, ...narrow ? [] : [curveNames(plot, places, colour)]],
    };
  };

  const nameWidth = narrow => narrow ? 110 : 250;
  const names = (style, narrow) => ({color: style.text, fontSize: 13, lineHeight: 15, width: nameWidth(narrow), overflow: 'break'});
  // High enough for the longest name; lines are broken between words, so they are not quite full.
  const row = (list, narrow, least) => Math.max(least, ...list.map(name =>
    8 + 15 * Math.ceil(echarts.format.getTextRect(name, '13px sans-serif').width / (0.8 * nameWidth(narrow)))));

  const barBase = plot => plot.logarithmic ? 10 ** Math.floor(Math.log10(Math.max(1e-3, Math.min(...plot.bars.map(bar => bar.lowest))))) : 0;

  const bars = (plot, style, narrow) => ({
    ...base(style),
    grid: {left: 12, right: 80, top: style.top + 8, bottom: 44, containLabel: true},
    tooltip: {
      ...base(style).tooltip, trigger: 'axis', axisPointer: {type: 'shadow'},
      formatter: all => `<b>${plain(plot.bars[all[0].dataIndex].name)}</b><br>${spread(plot.bars[all[0].dataIndex])}`,
    },
    xAxis: {
      ...axis(style), type: plot.logarithmic ? 'log' : 'value', min: plot.logarithmic ? barBase(plot) : undefined, name: plot.unit, nameLocation: 'middle', nameGap: 28,
      axisLabel: {...axis(style).axisLabel, formatter: narrow ? short : number}, splitNumber: narrow ? 3 : 5,
    },
    yAxis: {
      ...axis(style), type: 'category', inverse: true, data: plot.bars.map(bar => bar.name),
      axisLabel: names(style, narrow), axisTick: {show: false},
    },
    series: [
      {
        // Not of the library's own kind: on a logarithmic axis that one begins its bars at 1, wherever the axis begins.
        type: 'custom', data: plot.bars.map((bar, index) => [index, bar.median]), encode: {x: 1, y: 0},
        renderItem: (_, api) => {
          const from = api.coord([barBase(plot), api.value(0)]);
          const to = api.coord([api.value(1), api.value(0)]);
          const height = Math.min(api.size([0, 1])[1] * 0.6, 26);
          return {
            type: 'rect', style: {fill: style.colours[0], opacity: 0.75},
            shape: {x: Math.min(from[0], to[0]), y: to[1] - height / 2, width: Math.abs(to[0] - from[0]), height},
          };
        },
      },
      whiskers('', style.text, plot.bars.map((bar, index) => [index, bar.lowest, bar.highest]), true,
        plot.bars.map(bar => number(bar.median)), barBase(plot)),
    ],
  });

  const laneTop = (plot, width) => 12 + LEGEND_LINE * legendLines(plot.kinds, width);

  const lanes = (plot, style, narrow, width) => ({
    ...base(style),
    legend: {...legend(style, plot.kinds, {top: style.top}), selectedMode: false},
    grid: {left: 12, right: 24, top: style.top + laneTop(plot, width), bottom: 44, containLabel: true},
    tooltip: {
      ...base(style).tooltip, trigger: 'item',
      formatter: one => `<b>${plain(one.data.lane)}</b><br>${plain(one.data.what || one.seriesName)}<br>`
        + `${number(one.value[1])} – ${number(one.value[2])} ms <small>(${number(one.value[2] - one.value[1])} ms)</small>`,
    },
    xAxis: {...axis(style), type: 'value', name: 'milliseconds', nameLocation: 'middle', nameGap: 28, min: 0, max: 'dataMax', splitNumber: narrow ? 3 : 5,
      axisLabel: {...axis(style).axisLabel, formatter: number, showMaxLabel: false}},
    yAxis: {
      ...axis(style), type: 'category', inverse: true, data: plot.lanes.map(lane => lane.name),
      axisLabel: names(style, narrow), axisTick: {show: false}, splitLine: {show: true, lineStyle: {color: style.line}},
    },
    series: plot.kinds.map((kind, index) => ({
      type: 'custom', name: kind, itemStyle: {color: style.laneColours[index % style.laneColours.length]}, encode: {x: [1, 2], y: 0},
      data: plot.lanes.flatMap((lane, row) => lane.stretches.filter(stretch => stretch.kind === index)
        .map(stretch => ({value: [row, stretch.from, stretch.to], what: stretch.what, lane: lane.name}))),
      renderItem: (_, api) => {
        const from = api.coord([api.value(1), api.value(0)]);
        const to = api.coord([api.value(2), api.value(0)]);
        const height = Math.min(api.size([0, 1])[1] * 0.68, 26);
        return {
          type: 'rect',
          shape: {x: from[0], y: from[1] - height / 2, width: Math.max(to[0] - from[0], 0.6), height},
          style: {fill: api.visual('color')},
        };
      },
    })),
  });

  // Red, and a cross, for what went wrong; the same for people who see no red.
  const DOTS = [{symbol: 'circle', size: 6, colour: 0}, {symbol: CROSS, size: 8, colour: 1}, {symbol: 'triangle', size: 6, colour: 2}];
  const PERIOD_NAMES = 116; // their height, when they stand upright

  const dotTop = (plot, narrow, width) => 18 + LEGEND_LINE * legendLines(plot.kinds, width) + (narrow ? PERIOD_NAMES : 16);

  const dots = (plot, style, narrow, width) => ({
    ...base(style),
    legend: legend(style, plot.kinds, {top: style.top, itemWidth: 12}),
    grid: {left: 12, right: 20, top: style.top + dotTop(plot, narrow, width), bottom: 44, containLabel: true},
    tooltip: {
      ...base(style).tooltip, trigger: 'item',
      formatter: one => `${plain(one.data.what)}<br>after ${number(one.value[1])} ms <small>(asked at ${number(one.value[0])} s)</small>`,
    },
    xAxis: {...axis(style), type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 28, min: 0, max: plot.periods.at(-1).to,
      splitLine: {show: false}, axisLabel: {...axis(style).axisLabel, formatter: number, showMaxLabel: false}},
    yAxis: {...axis(style), type: 'log', min: plot.least, max: plot.most, name: plot.up, nameLocation: 'middle', nameGap: 52,
      axisLabel: {...axis(style).axisLabel, formatter: number}},
    series: [
      {
        type: 'scatter', data: [], silent: true,
        markArea: {
          silent: true, label: {position: 'top', color: style.text, fontSize: 12, rotate: narrow ? 90 : 0, align: narrow ? 'left' : 'center',
            verticalAlign: narrow ? 'middle' : 'bottom', distance: 6},
          data: plot.periods.map((period, index) => [
            {name: period.name, xAxis: period.from, itemStyle: {color: index % 2 === 0 ? style.band : 'transparent'}}, {xAxis: period.to}]),
        },
      },
      ...plot.kinds.map((kind, index) => ({
        type: 'scatter', name: kind, symbol: DOTS[index].symbol, symbolSize: DOTS[index].size, itemStyle: {color: style.colours[DOTS[index].colour]},
        data: plot.dots.filter(dot => dot.kind === index).map(dot => ({value: [dot.at, dot.height], what: dot.what})),
      })),
    ],
  });

  const heights = {
    curves: (plot, narrow, width) => 400 + (narrow ? curveLegendHeight(plot, width) : 0),
    dots: (plot, narrow, width) => 360 + dotTop(plot, narrow, width),
    bars: (plot, narrow) => 70 + row(plot.bars.map(bar => bar.name), narrow, 40) * plot.bars.length,
    lanes: (plot, narrow, width) => 58 + laneTop(plot, width) + row(plot.lanes.map(lane => lane.name), narrow, 34) * plot.lanes.length,
  };
  const option = (plot, style, width) => ({curves, bars, lanes, dots})[plot.kind](plot, style, width < NARROW, width);

  // ---------------------------------------------------------------- on the page

  const drawn = [];
  const draw = printing => plots.forEach((plot, index) => {
    const place = document.getElementById(`${plot.id}-plot`);
    if (drawn[index]) {
      drawn[index].dispose();
    }
    const width = printing ? 680 : place.clientWidth;
    const height = heights[plot.kind](plot, width < NARROW, width);
    place.style.height = `${height}px`;
    place.style.minHeight = '0';
    const chart = echarts.init(place, null, {renderer: 'svg', width, height});
    chart.setOption(option(plot, look(dark.matches && !printing), width));
    drawn[index] = chart;
  });

  // ---------------------------------------------------------------- as pictures

  // Every colour of the light look that has another one in the dark: whoever shows the picture chooses.
  const inTheDark = () => {
    const [light, night] = [look(false), look(true)];
    const pairs = new Map(Object.keys(light).filter(key => typeof light[key] === 'string').map(key => [light[key], night[key]]));
    ['colours', 'laneColours'].forEach(list => light[list].forEach((colour, index) => pairs.set(colour, night[list][index])));
    return [...pairs].map(([from, to]) => `[fill="${from}"]{fill:${to}}[stroke="${from}"]{stroke:${to}}`).join('');
  };
  const SVG = 'http://www.w3.org/2000/svg';
  const element = (name, attributes, text = '') => {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.textContent = text;
    return made;
  };
  // What two neighbours have in common, but for where they are: the same words, the same element could draw both.
  const kin = (path, but) => path.localName !== 'path' ? null
    : [...path.attributes].filter(one => one.name !== but).map(one => `${one.name}=${one.value}`).sort().join(' ');
  const MATRIX = /^matrix\((.+),(.+),(.+)\)$|^translate\((.+) (.+)\)$/;

  // A plot of thousands of marks is a small file if neighbours that look alike are one path, or one mark used many times.
  const compact = svg => {
    svg.querySelectorAll('path').forEach(path => {
      if (/transparent|none/.test(path.getAttribute('fill')) && !path.hasAttribute('stroke')) {
        path.remove(); // where a pointer would be noticed
      }
    });
    svg.querySelectorAll('text').forEach(text => {
      text.style.fontFamily = '';
      text.removeAttribute('xml:space');
    });
    const paths = [...svg.querySelectorAll('path')];
    let marks = 0;
    for (let from = 0, to; from < paths.length; from = to) {
      const first = paths[from];
      const joined = first.hasAttribute('transform') ? 'transform' : 'd';
      to = from + 1;
      while (to < paths.length && paths[to - 1].nextSibling === paths[to] && kin(paths[to], joined) === kin(first, joined)) {
        to++;
      }
      const alike = paths.slice(from, to);
      if (joined === 'd') {
        first.setAttribute('d', alike.map(path => path.getAttribute('d')).join(''));
        alike.slice(1).forEach(path => path.remove());
      } else if (alike.length > 2) {
        marks += used(alike, `mark-${marks}`) ? 1 : 0;
      }
    }
  };
  // One mark, and where it is used; false if these are not of one size.
  const used = (alike, id) => {
    const places = alike.map(path => MATRIX.exec(path.getAttribute('transform')));
    const scale = place => place[1] ?? '';
    if (places.some(place => place === null || scale(place) !== scale(places[0]))) {
      return false;
    }
    const [first] = alike;
    const group = element('g', {});
    [...first.attributes].filter(one => one.name !== 'd' && one.name !== 'transform').forEach(one => group.setAttribute(one.name, one.value));
    const mark = element('path', {id, d: first.getAttribute('d')});
    if (scale(places[0])) {
      mark.setAttribute('transform', `matrix(${scale(places[0])},0,0)`);
    }
    const defined = element('defs', {});
    defined.append(mark);
    group.append(defined, ...places.map(place =>
      element('use', {href: `#${id}`, x: (+(place[2] ?? place[4])).toFixed(1), y: (+(place[3] ?? place[5])).toFixed(1)})));
    first.replaceWith(group);
    alike.slice(1).forEach(path => path.remove());
    return true;
  };

  const picture = plot => {
    const style = {...look(false), top: 44};
    const width = PICTURE_WIDTH;
    const height = style.top + heights[plot.kind](plot, false, width);
    const place = document.createElement('div'); // on no page
    const chart = echarts.init(place, null, {renderer: 'svg', width, height});
    chart.setOption({
      ...option(plot, style, width),
      title: {text: plot.title, left: 12, top: 10, padding: 0, textStyle: {color: style.text, fontSize: 16, width: width - 24, overflow: 'truncate'}},
    });
    const svg = place.querySelector('svg').cloneNode(true);
    chart.dispose();
    compact(svg);
    svg.removeAttribute('style');
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('role', 'img');
    svg.prepend(
      element('title', {}, plot.title),
      element('desc', {}, plot.says),
      element('style', {}, `text{font-family:${FONT}}@media(prefers-color-scheme:dark){${inTheDark()}}`),
      element('rect', {width, height, fill: style.ground}));
    return new XMLSerializer().serializeToString(svg);
  };
  const fill = (link, plot) => {
    const bytes = new TextEncoder().encode(picture(plot));
    link.href = `data:image/svg+xml;base64,${btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))}`;
  };
  const links = plots.map(plot => {
    const link = document.createElement('a');
    link.className = 'save';
    link.download = `${plot.id}.svg`;
    link.href = `#${plot.id}`;
    link.textContent = 'Save as a picture (SVG)';
    link.setAttribute('aria-label', `Save as a picture (SVG): ${plot.title}`);
    link.addEventListener('click', () => fill(link, plot));
    document.getElementById(plot.id).append(link);
    return link;
  });
  if (window.location.hash === '#pictures') {
    links.forEach((link, index) => fill(link, plots[index]));
  }

  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      draw(false);
    }
  });
  dark.addEventListener('change', () => draw(false));
  window.addEventListener('beforeprint', () => draw(true));
  window.addEventListener('afterprint', () => draw(false));
  draw(false);
})();
