'use strict';
// Draws the plots of the report that stands in the page. The words, and the figures as tables, are there without it.
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const plots = report.scenarios.flatMap(scenario => scenario.plots);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const NARROW = 620;
  const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'arrow', 'pin', 'circle'];
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
  const spread = figure => figure.rounds.length < 2
    ? number(figure.median)
    : `${number(figure.median)} <small>(${number(figure.lowest)} – ${number(figure.highest)})</small>`;
  const plain = text => echarts.format.encodeHTML(text);

  const look = printing => {
    const isDark = dark.matches && !printing;
    return {
      colours: isDark ? COLOURS.dark : COLOURS.light,
      laneColours: isDark ? LANE_COLOURS.dark : LANE_COLOURS.light,
      text: isDark ? '#e6e8ea' : '#1f2328',
      faint: isDark ? '#a3abb5' : '#59616b',
      line: isDark ? '#3a414a' : '#dcdcd4',
      ground: isDark ? '#16191d' : '#fdfdfb',
      raised: isDark ? '#20252b' : '#ffffff',
      band: isDark ? '#20252b' : '#f1f0e9',
    };
  };
  const base = style => ({
    animation: false,
    textStyle: {color: style.text, fontFamily: 'system-ui, "Noto Sans", "Noto Sans KR", sans-serif'},
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

  // From the lowest to the highest round, upright or lying.
  const whiskers = (name, colour, data, lying, labels = []) => ({
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
        type: 'text', x: Math.max(to[0], api.coord([0, place])[0]) + 8, y: to[1],
        style: {text: labels[params.dataIndex], fill: colour, font: '13px system-ui, sans-serif', textVerticalAlign: 'middle'},
      };
      return {type: 'group', children: [line, label]};
    },
  });

  const curves = (plot, style, narrow) => {
    const colour = index => style.colours[index % style.colours.length];
    const places = [...new Set(plot.curves.flatMap(curve => curve.points.map(point => point.at)))].sort((a, b) => a - b);
    const lines = plot.curves.map((curve, index) => ({
      type: 'line', name: curve.name, z: 2, symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: 9,
      lineStyle: {color: colour(index), width: 2}, itemStyle: {color: colour(index)},
      data: curve.points.map(point => ({
        value: [places.indexOf(point.at), point.median], figure: point,
        itemStyle: point.doubtful ? {color: style.ground, borderColor: colour(index), borderWidth: 2} : undefined,
      })),
      endLabel: {show: !narrow, formatter: curve.name, color: colour(index), fontSize: 12, distance: 8, padding: [3, 0]},
      labelLayout: {moveOverlap: 'shiftY'},
    }));
    const spreads = plot.curves.map((curve, index) => whiskers(curve.name, colour(index),
      curve.points.map(point => [places.indexOf(point.at), point.lowest, point.highest]), false));
    return {
      ...base(style),
      legend: {show: narrow, type: 'scroll', bottom: 0, textStyle: {color: style.text}, data: plot.curves.map(curve => curve.name)},
      grid: {left: 12, right: narrow ? 20 : 120, top: 48, bottom: narrow ? 64 : 44, containLabel: true},
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
        ...axis(style), type: 'category', name: plot.across, nameLocation: 'middle', nameGap: 28, boundaryGap: false,
        data: places.map(number), axisTick: {alignWithLabel: true}, axisLabel: {...axis(style).axisLabel, hideOverlap: false},
      },
      yAxis: {
        ...axis(style), type: plot.logarithmic ? 'log' : 'value', name: plot.up, nameLocation: 'end',
        nameTextStyle: {color: style.faint, fontSize: 13, align: 'left'}, axisLabel: {...axis(style).axisLabel, formatter: number},
      },
      series: [...lines, ...spreads],
    };
  };

  const names = (style, narrow) => ({color: style.text, fontSize: 13, lineHeight: 15, width: narrow ? 100 : 230, overflow: 'break'});

  const barBase = plot => plot.logarithmic ? 10 ** Math.floor(Math.log10(Math.max(1e-3, Math.min(...plot.bars.map(bar => bar.lowest))))) : 0;

  const bars = (plot, style, narrow) => ({
    ...base(style),
    grid: {left: 12, right: 80, top: 8, bottom: 44, containLabel: true},
    tooltip: {
      ...base(style).tooltip, trigger: 'axis', axisPointer: {type: 'shadow'},
      formatter: all => `<b>${plain(plot.bars[all[0].dataIndex].name)}</b><br>${spread(plot.bars[all[0].dataIndex])}`,
    },
    xAxis: {
      ...axis(style), type: plot.logarithmic ? 'log' : 'value', min: plot.logarithmic ? barBase(plot) : undefined, name: plot.unit, nameLocation: 'middle', nameGap: 28,
      axisLabel: {...axis(style).axisLabel, formatter: number},
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
        plot.bars.map(bar => number(bar.median))),
    ],
  });

  const lanes = (plot, style, narrow) => ({
    ...base(style),
    legend: {top: 0, left: 'center', textStyle: {color: style.text}, data: plot.kinds, selectedMode: false},
    grid: {left: 12, right: 16, top: plot.kinds.length > 3 ? 60 : 36, bottom: 44, containLabel: true}, // the legend may take two lines
    tooltip: {
      ...base(style).tooltip, trigger: 'item',
      formatter: one => `<b>${plain(one.data.lane)}</b><br>${plain(one.data.what || one.seriesName)}<br>`
        + `${number(one.value[1])} – ${number(one.value[2])} ms <small>(${number(one.value[2] - one.value[1])} ms)</small>`,
    },
    xAxis: {...axis(style), type: 'value', name: 'milliseconds', nameLocation: 'middle', nameGap: 28, min: 0, max: 'dataMax',
      axisLabel: {...axis(style).axisLabel, formatter: number}},
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
  const DOTS = [{symbol: 'circle', size: 6, colour: 0}, {symbol: 'path://M0,2L2,0L5,3L8,0L10,2L7,5L10,8L8,10L5,7L2,10L0,8L3,5Z', size: 8, colour: 1},
    {symbol: 'triangle', size: 6, colour: 2}];

  const dots = (plot, style, narrow) => ({
    ...base(style),
    legend: {top: 0, left: 'center', itemWidth: 12, textStyle: {color: style.text}, data: plot.kinds},
    grid: {left: 12, right: 20, top: narrow ? 200 : 68, bottom: 44, containLabel: true},
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
    curves: () => 400,
    dots: (_, narrow) => narrow ? 560 : 440,
    bars: plot => 70 + 40 * plot.bars.length,
    lanes: plot => (plot.kinds.length > 3 ? 124 : 100) + 34 * plot.lanes.length,
  };
  const drawn = [];
  const draw = printing => plots.forEach((plot, index) => {
    const place = document.getElementById(`plot-${index}`);
    if (drawn[index]) {
      drawn[index].dispose();
    }
    const width = printing ? 680 : place.clientWidth;
    const height = heights[plot.kind](plot, width < NARROW);
    place.style.height = `${height}px`;
    place.style.minHeight = '0';
    const chart = echarts.init(place, null, {renderer: 'svg', width, height});
    chart.setOption({curves, bars, lanes, dots}[plot.kind](plot, look(printing), width < NARROW));
    drawn[index] = chart;
  });

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
