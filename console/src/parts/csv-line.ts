/** What a spreadsheet takes for the start of a formula (CWE-1236): also in full width and in the small forms, and after tabs and line breaks. */
const FORMULA = /(^|[,;|\t\r\n])([ "\u00a0\u3000]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫−\t\r\n])/g;

/**
 * A field of a comma-separated file (RFC 4180), which no spreadsheet takes for a formula, not even one that splits fields at another
 * separator.
 */
const csvField = (value: string) => `"${value.replace(FORMULA, "$1$2'").replaceAll('"', '""')}"`;

/** A line of such a file. */
export const csvLine = (values: readonly string[]) => `${values.map(csvField).join(',')}\r\n`;

/** Without it, Excel takes the file for one in the encoding of the machine. */
export const BYTE_ORDER_MARK = '\ufeff';
