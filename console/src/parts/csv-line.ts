/** What a spreadsheet takes for the start of a formula (CWE-1236): also in full width and in the small forms, and after tabs and line breaks. */
const FORMULA = /(^|[,;|\t\r\n])([ "\u00a0\u3000]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫−\t\r\n])/g;

/** A text that no spreadsheet takes for a formula, not even one that splits fields at another separator. */
const inert = (value: string) => value.replace(FORMULA, "$1$2'");

/** A list in one field: each entry is such a text, for spreadsheets that split fields at spaces. */
export const csvList = (values: readonly string[]) => values.map(inert).join(' ');

/** A field of a comma-separated file (RFC 4180). */
const csvField = (value: string) => `"${inert(value).replaceAll('"', '""')}"`;

/** A line of such a file. */
export const csvLine = (values: readonly string[]) => `${values.map(csvField).join(',')}\r\n`;

/** Without it, Excel takes the file for one in the encoding of the machine. */
export const BYTE_ORDER_MARK = '\ufeff';
