'use strict';
// Whatever somebody typed goes into the page as text, never as markup.
const at = id => document.getElementById(id);
const won = cents => (cents / 100).toFixed(2);

function cell(row, text) {
  row.insertCell().textContent = text;
}

async function showMenu() {
  const dishes = await (await fetch('/dishes')).json();
  const chosen = Object.fromEntries([...document.querySelectorAll('#menu input')].map(input => [input.name, input.value]));
  at('menu').replaceChildren();
  for (const dish of dishes) {
    const row = at('menu').insertRow();
    cell(row, `${dish.name} ${dish.english}`);
    cell(row, won(dish.priceCents));
    cell(row, dish.stock);
    const input = document.createElement('input');
    Object.assign(input, {type: 'number', min: 0, max: 100, name: dish.name, value: chosen[dish.name] ?? 0});
    input.setAttribute('aria-label', `portions of ${dish.english}`);
    row.insertCell().append(input);
  }
}

async function showOrders() {
  const page = await (await fetch('/orders')).json();
  at('count').textContent = `${page.all}, the latest first`;
  at('orders').replaceChildren();
  for (const order of page.orders) {
    const row = at('orders').insertRow();
    cell(row, order.id);
    cell(row, order.customer);
    cell(row, won(order.totalCents));
    cell(row, new Date(order.placed).toLocaleString());
  }
}

at('form').addEventListener('submit', async event => {
  event.preventDefault();
  const lines = [...document.querySelectorAll('#menu input')]
    .filter(input => Number(input.value) > 0)
    .map(input => ({dish: input.name, portions: Number(input.value)}));
  const answer = await fetch('/orders', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({customer: at('customer').value, lines}),
  });
  const said = await answer.json();
  at('said').className = answer.ok ? '' : 'wrong';
  at('said').textContent = answer.ok
    ? `Order ${said.id}: ${won(said.totalCents)}. Thank you!`
    : [said.title, said.detail, ...(said.errors ?? []).map(error => `${error.pointer} ${error.detail}`)].join(' ');
  await Promise.all([showMenu(), showOrders()]);
});

Promise.all([showMenu(), showOrders()]).catch(failure => { at('said').textContent = failure; });
