/* conf_print.c - the normal form of a configuration, and the manual's list of keys; see conf.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/conf.h"
#include "common/base/text.h"

#define VALUE_MAX 1024

/*
 * Double quotes unless there is a $ in it: libConfuse puts the environment into
 * "${X}", but not into '${X}'.
 */
static void
print_quoted(FILE *out, const char *s)
{
	char quote = strchr(s, '$') ? '\'' : '"';

	putc(quote, out);
	for (; *s; s++) {
		if (*s == quote || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc(quote, out);
}

static void
print_list(FILE *out, const struct conf_key *key, const void *section)
{
	char text[VALUE_MAX];
	const char *s;

	fputs("{", out);
	for (size_t i = 0; (s = conf_text(key, section, i, text, sizeof(text))); i++)
		fprintf(out, "%s %s", i > 0 ? "," : "", s);
	fputs(" }", out);
}

static void
print_key(FILE *out, const char *indent, const struct conf_key *key, const void *section)
{
	char text[VALUE_MAX];

	if (!conf_is_given(key, section) && !key->def) {
		fprintf(out, "%s# %s: none\n", indent, key->name);
		return;
	}
	fprintf(out, "%s%s = ", indent, key->name);
	if (conf_is_list(key))
		print_list(out, key, section);
	else if (key->type == CONF_STRING)
		print_quoted(out, conf_text(key, section, 0, text, sizeof(text)));
	else
		fputs(conf_text(key, section, 0, text, sizeof(text)), out);
	putc('\n', out);
}

static void
print_section(FILE *out, const struct conf_section *s, const void *section, const char *title)
{
	if (s->name) {
		fprintf(out, "\n%s ", s->name);
		if (s->titled) {
			print_quoted(out, title);
			putc(' ', out);
		}
		fputs("{\n", out);
	}
	for (size_t i = 0; i < s->n_keys; i++)
		print_key(out, s->name ? "\t" : "", &s->keys[i], section);
	if (s->name)
		fputs("}\n", out);
}

int
conf_print(FILE *out, const struct conf_section *sections, size_t n, const void *ctx)
{
	for (size_t s = 0; s < n; s++) {
		const char *title = "";
		const void *section;

		for (size_t i = 0; (section = sections[s].get(ctx, i, &title)); i++) {
			print_section(out, &sections[s], section, title);
			if (!sections[s].titled)
				break;
		}
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

/* ---- the manual ---- */

static const char *const argument[] = {
	[CONF_BOOL] = "yes | no",
	[CONF_U32] = "number",
	[CONF_MS] = "duration",
	[CONF_CHOICE] = "word",
	[CONF_STRING] = "string",
	[CONF_ADDR] = "address",
	[CONF_MAC] = "mac",
	[CONF_ADDRS] = "{ address, ... }",
	[CONF_PREFIXES] = "{ prefix, ... }",
	[CONF_MACS] = "{ mac, ... }",
};

static void
doc_choices(FILE *out, const struct conf_key *key)
{
	fputs("One of\n", out);
	for (size_t i = 0; key->choices[i]; i++)
		fprintf(out, ".Cm %s%s\n", key->choices[i], key->choices[i + 1] ? " ," : " .");
}

static void
doc_bounds(FILE *out, const struct conf_key *key)
{
	char least[32], most[32];

	switch (key->type) {
	case CONF_U32:
		if (key->max > 0)
			fprintf(out, "%" PRId64 " to %" PRId64 ".\n", key->min, key->max);
		break;
	case CONF_MS:
		if (key->max > 0)
			fprintf(
			    out, "%s to %s.\n", text_ms(key->min, least), text_ms(key->max, most));
		break;
	case CONF_STRING:
		fprintf(out, "At most %" PRId64 " characters.\n", key->max);
		break;
	case CONF_CHOICE:
		doc_choices(out, key);
		break;
	case CONF_ADDRS:
	case CONF_PREFIXES:
	case CONF_MACS:
		fprintf(out, "At most %" PRId64 ".\n", key->max);
		break;
	case CONF_BOOL:
	case CONF_ADDR:
	case CONF_MAC:
		break;
	}
}

static void
doc_key(FILE *out, const struct conf_key *key)
{
	fprintf(out, ".It Ic %s No = Ar %s\n%s\n", key->name, argument[key->type], key->doc);
	doc_bounds(out, key);
	if (key->required)
		fputs("Must be given.\n", out);
	else if (key->def)
		fprintf(out, "The default is\n.Ql %s .\n", *key->def ? key->def : "\"\"");
}

int
conf_print_doc(FILE *out, const struct conf_section *sections, size_t n)
{
	for (size_t s = 0; s < n; s++) {
		const struct conf_section *c = &sections[s];

		if (c->name)
			fprintf(out, ".Ss %s%s\n", c->name,
			    c->titled ? " \\(dqNAME\\(dq { ... }" : " { ... }");
		else
			fputs(".Ss Outside of sections\n", out);
		if (c->doc)
			fprintf(out, "%s\n", c->doc);
		fputs(".Bl -tag -width Ds\n", out);
		for (size_t i = 0; i < c->n_keys; i++)
			doc_key(out, &c->keys[i]);
		fputs(".El\n", out);
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
