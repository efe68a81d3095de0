/* table.c - see table.h. */
#include "common/ctl/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- one value ---- */

static void
print_clean(FILE *out, const char *s)
{
	for (; *s; s++)
		putc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, out);
}

static void
print_scalar(FILE *out, const json_t *v)
{
	char *text;

	if (json_is_string(v) && json_string_length(v) > 0) {
		print_clean(out, json_string_value(v));
	} else if (json_is_boolean(v)) {
		fputs(json_is_true(v) ? "yes" : "no", out);
	} else if (!v || json_is_null(v) || json_is_string(v)) {
		putc('-', out);
	} else {
		text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
		fputs(text ? text : "?", out);
		free(text);
	}
}

static void
print_value(FILE *out, const json_t *v)
{
	size_t n = json_is_array(v) ? json_array_size(v) : 0;

	if (!json_is_array(v) || n == 0) {
		print_scalar(out, json_is_array(v) ? NULL : v);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			putc(',', out);
		print_scalar(out, json_array_get(v, i));
	}
}

/* The same as a string of its own; NULL: no memory. */
static char *
text_of(const json_t *v)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	print_value(out, v);
	fclose(out);
	return text;
}

/* Columns that UTF-8 text takes, if each character takes one. */
static int
width_of(const char *s)
{
	int n = 0;

	for (; s && *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* ---- several objects ---- */

static void
print_cell(FILE *out, const char *text, int width, bool last)
{
	fputs(text ? text : "?", out);
	if (last)
		putc('\n', out);
	else
		fprintf(out, "%*s", width - width_of(text) + 2, "");
}

static int
column_width(const json_t *rows, const char *key)
{
	int width = width_of(key);

	for (size_t i = 0; i < json_array_size(rows); i++) {
		char *text = text_of(json_object_get(json_array_get(rows, i), key));

		if (width_of(text) > width)
			width = width_of(text);
		free(text);
	}
	return width;
}

/* json_object_iter_next wants what it does not change without const. */
static json_t *
first_of(const json_t *rows)
{
	return json_array_get(rows, 0);
}

/* The head if row is NULL. */
static void
print_row(FILE *out, json_t *first, const json_t *row, const int *width)
{
	void *next;
	size_t i = 0;

	for (void *at = json_object_iter(first); at; at = next) {
		const char *key = json_object_iter_key(at);
		char *text = row ? text_of(json_object_get(row, key)) : strdup(key);

		next = json_object_iter_next(first, at);
		print_cell(out, text, width[i++], !next);
		free(text);
	}
}

static void
print_table(FILE *out, const json_t *rows)
{
	json_t *first = first_of(rows);
	int *width = calloc(json_object_size(first) + 1, sizeof(*width));
	size_t i = 0;

	if (!width)
		return;
	for (void *at = json_object_iter(first); at; at = json_object_iter_next(first, at))
		width[i++] = column_width(rows, json_object_iter_key(at));
	print_row(out, first, NULL, width);
	for (i = 0; i < json_array_size(rows); i++)
		print_row(out, first, json_array_get(rows, i), width);
	free(width);
}

/* ---- one object ---- */

static void
print_object(FILE *out, json_t *o)
{
	const char *text = json_string_value(json_object_get(o, "text"));

	if (text && json_object_size(o) == 1) {
		fputs(text, out);
		return;
	}
	for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
		fprintf(out, "%s: ", json_object_iter_key(at));
		print_value(out, json_object_iter_value(at));
		putc('\n', out);
	}
}

void
table_print(FILE *out, const json_t *rows)
{
	if (json_array_size(rows) == 1)
		print_object(out, first_of(rows));
	else if (json_array_size(rows) > 1)
		print_table(out, rows);
}

void
table_print_event(FILE *out, json_t *event)
{
	json_t *o = json_copy(event);

	print_value(out, json_object_get(o, "time"));
	putc(' ', out);
	print_value(out, json_object_get(o, "event"));
	json_object_del(o, "time");
	json_object_del(o, "event");
	json_object_del(o, "mono_ms"); /* for programs: they take the line as it is */
	for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
		fprintf(out, " %s=", json_object_iter_key(at));
		print_value(out, json_object_iter_value(at));
	}
	putc('\n', out);
	json_decref(o);
}
