import { Table, useComputedColorScheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { OverviewQuery } from '../../graphql/operations';
import { inWords } from '../../parts/words';

/** Colors of successes and failures; they differ in brightness, too. */
const SUCCESS_COLORS = ['#2f9e44', '#74b816', '#0b7285'];
const FAILURE_COLORS = [
  '#e8590c',
  '#c2255c',
  '#9c36b5',
  '#f08c00',
  '#868e96',
  '#1971c2',
  '#a61e4d',
  '#66a3d9',
];

interface ResultsChartProps {
  /** The accessible name of the table. */
  label: string;
  days: OverviewQuery['registrationsPerDay'];
  /** The results that are not failures. */
  successes: readonly string[];
}

/** Attempts per day and result, as a chart and as a table for screen readers. */
export default function ResultsChart({ label, days, successes }: ResultsChartProps) {
  const isDark = useComputedColorScheme() === 'dark';
  const isStill = useReducedMotion();
  const results = [...new Set(days.flatMap(({ results }) => results.map(({ result }) => result)))].sort();
  const rows = days.map(({ date, results }) => ({
    date: date.slice(5),
    ...Object.fromEntries(results.map(({ result, count }) => [result, count])),
  }));
  const failures = results.filter((result) => !successes.includes(result));
  const colorOf = (result: string) =>
    SUCCESS_COLORS[successes.indexOf(result)] ??
    FAILURE_COLORS[failures.indexOf(result) % FAILURE_COLORS.length];
  const text = isDark ? '#ced4da' : '#495057';
  return (
    <>
      <div className="chart-box" aria-hidden>
        <ResponsiveContainer>
          <BarChart data={rows} accessibilityLayer={false}>
            <CartesianGrid vertical={false} strokeOpacity={0.3} />
            <XAxis dataKey="date" tick={{ fill: text, fontSize: 12 }} />
            <YAxis allowDecimals={false} tick={{ fill: text, fontSize: 12 }} width={48} />
            <Tooltip contentStyle={{ background: isDark ? '#25262b' : '#fff' }} />
            <Legend formatter={(result: string) => <span className="legend">{inWords(result)}</span>} />
            {results.map((result) => (
              <Bar
                key={result}
                dataKey={result}
                stackId="all"
                fill={colorOf(result)}
                isAnimationActive={!isStill}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      <details>
        <summary>Show as table</summary>
        <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
          <Table fz="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Day</Table.Th>
                {results.map((result) => (
                  <Table.Th key={result} scope="col">
                    {inWords(result)}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {days.map(({ date, results: counts }) => (
                <Table.Tr key={date}>
                  <Table.Th scope="row">{date}</Table.Th>
                  {results.map((result) => (
                    <Table.Td key={result}>
                      {counts.find((count) => count.result === result)?.count ?? 0}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </details>
    </>
  );
}
