/*
 * table.h - JSON objects as text for people.
 *
 * Nothing in a value reaches the terminal as a control character.
 *
 * Layer: nemoctl (Jansson).
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/*
 * An array of objects. One object is "key: value" lines (or, if all it has is a
 * text, that text); several are a table with the first one's keys as columns. Lists
 * are joined by commas; null, empty lists and empty strings are "-".
 */
void table_print(FILE *out, const json_t *rows);

/* One event: "TIME EVENT key=value ...". */
void table_print_event(FILE *out, json_t *event);
