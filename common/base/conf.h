/*
 * conf.h - configuration as rows: one row per key, with its name, unit, bounds,
 * default and documentation together.
 *
 * The same row feeds the parser (libConfuse reads the files), prints the normal
 * form (`mrd -nv`), fills the table of keys in the manual page, and parses the
 * same key as a word on the control socket (`guest define NAME prefix ...`).
 *
 * Every error is one line on stderr, "FILE:LINE: KEY: REASON": unknown keys,
 * wrong units, values out of bounds, keys or titles given twice, missing ones,
 * prefixes with host bits set.
 *
 * Layer: base; reads files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_type {
	CONF_BOOL,     /* bool: yes, no */
	CONF_U32,      /* uint32_t */
	CONF_MS,       /* int64_t milliseconds: a duration with its unit */
	CONF_CHOICE,   /* int: index of the word in .choices */
	CONF_STRING,   /* char[max + 1] */
	CONF_ADDR,     /* struct in6_addr; :: if not given */
	CONF_MAC,      /* struct nd_mac */
	CONF_ADDRS,    /* struct in6_addr[max], count in a uint8_t at .count */
	CONF_PREFIXES, /* struct ip6_prefix[max], count in a uint8_t at .count */
	CONF_MACS,     /* struct nd_mac[max], count in a uint8_t at .count */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;		    /* of the value in the section's struct */
	size_t count;		    /* lists: offset of the uint8_t that counts */
	int64_t min, max;	    /* numbers: bounds, max 0: none; strings and lists: most */
	const char *const *choices; /* CONF_CHOICE, NULL-terminated */
	const char *def;	    /* as it would be written; NULL: none */
	bool required;
	const char *doc; /* one sentence or two, mdoc-safe text; names its RFC */
};

/* Where something was written, for messages. */
struct conf_where {
	const char *file;
	int line;
};

struct conf_section {
	const char *name; /* NULL: the top level of the file */
	bool titled;	  /* guest "web1" { ... }, any number of them; else at most one */
	const struct conf_key *keys;
	size_t n_keys;
	const char *doc;

	/*
	 * The struct to fill for a section that begins; the defaults are then put
	 * into it, and the keys that are written. For the top level: the whole
	 * configuration. NULL is an error already reported.
	 */
	void *(*begin)(void *ctx, const char *title, const struct conf_where *where);
	/* All of its keys are in and good. 0, or -EINVAL after conf_error. May be NULL. */
	int (*end)(void *ctx, void *section, const struct conf_where *where);
	/* Walk the sections there are, for printing: the i-th struct, or NULL. */
	const void *(*get)(const void *ctx, size_t i, const char **ret_title);
};

/*
 * Read a file into ctx through the sections' functions. Includes (libConfuse's
 * include("...")) are followed. Returns 0, -EINVAL after at least one message,
 * or -errno if a file cannot be read (message printed).
 */
int conf_load(const char *file, const struct conf_section *sections, size_t n, void *ctx);

/* Say "FILE:LINE: KEY: REASON" on stderr. key may be NULL. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int conf_error(
    const struct conf_where *where, const char *key, const char *fmt, ...);

/*
 * The line on which key was last written in the section being ended; else the section's.
 * section is the very pointer that end was called with, not a copy of what it points to.
 */
int conf_line_of(const struct conf_where *section, const char *key);

/* Write the normal form: it loads to the same values and prints to the same text. */
int conf_print(FILE *out, const struct conf_section *sections, size_t n, const void *ctx);

/* Write the mdoc list of keys, for the manual page. */
int conf_print_doc(FILE *out, const struct conf_section *sections, size_t n);

/*
 * Put the text of one value into the section's struct, as the file parser does;
 * for lists: append. Returns 0, or -EINVAL with a reason in why.
 */
int conf_set(
    const struct conf_key *key, void *section, const char *value, char *why, size_t why_len);
/* The defaults of all keys. */
void conf_defaults(const struct conf_key *keys, size_t n, void *section);
const struct conf_key *conf_find(const struct conf_key *keys, size_t n, const char *name);
/* The text of a value; of a list: its i-th, or NULL past the last. Returns buf. */
const char *conf_text(
    const struct conf_key *key, const void *section, size_t i, char *buf, size_t buf_len);

/* Back to nothing: an empty list or string, zero, no address. */
void conf_reset(const struct conf_key *key, void *section);
bool conf_is_list(const struct conf_key *key);
/* False for an address, MAC, list or number without a default that nobody has set. */
bool conf_is_given(const struct conf_key *key, const void *section);
