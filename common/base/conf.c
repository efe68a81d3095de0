/*
 * conf.c - see conf.h: reading a file through libConfuse.
 *
 * libConfuse sees nothing but strings and lists of strings. For each value, it
 * calls us while it parses, so that we know the line, and conf_value.c makes
 * sense of it. Errors in values are counted and the reading goes on; errors in
 * the grammar end it.
 */
#include "common/base/conf.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/conf_file.h"

#define INCLUDE_DEPTH_MAX 8
#define REASON_MAX 256

/* A section being read. */
struct open {
	struct conf_where where; /* what begin and end are given; conf_line_of starts from it */
	const cfg_t *cfg;
	const struct conf_section *s;
	void *value; /* NULL: begin refused it, its keys are skipped */
	int *lines;  /* of each key, 0: not written yet */
	int errors;  /* before it began */
};

struct name {
	struct name *next;
	char text[];
};

struct reading {
	const struct conf_section *sections;
	size_t n;
	void *ctx;
	cfg_t *cfg;
	struct open top, inner;
	struct name *files; /* names that conf_where's point to, for as long as we read */
	int depth;
	int errors;
	int r; /* -errno that is not about what was written */
};

/* libConfuse hands its callbacks no context, and is not re-entrant itself. */
static struct reading *reading;

/* ---- messages ---- */

int
conf_error(const struct conf_where *where, const char *key, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", where->file, where->line);
	if (key)
		fprintf(stderr, "%s: ", key);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	return -EINVAL;
}

int
conf_line_of(const struct conf_where *section, const char *key)
{
	const void *at = (const char *)section - offsetof(struct open, where);
	const struct open *o = at;

	for (size_t i = 0; o->s && i < o->s->n_keys; i++)
		if (strcmp(o->s->keys[i].name, key) == 0 && o->lines[i] > 0)
			return o->lines[i];
	return section->line;
}

/* A copy of a file's name that lives until conf_load returns. */
static const char *
keep_name(const char *file)
{
	struct name *x;

	for (x = reading->files; x; x = x->next)
		if (strcmp(x->text, file) == 0)
			return x->text;
	x = malloc(sizeof(*x) + strlen(file) + 1);
	if (!x)
		return "configuration";
	memcpy(x->text, file, strlen(file) + 1);
	x->next = reading->files;
	reading->files = x;
	return x->text;
}

static struct conf_where
here(const cfg_t *cfg)
{
	return (struct conf_where){ .file = keep_name(cfg->filename), .line = cfg->line };
}

/* libConfuse's own messages in our form; those not listed stay as they are. */
static const struct {
	const char *theirs; /* with one %s or none */
	const char *ours;
	bool names_key;
} messages[] = {
	{ "no such option '%s'", "unknown key", true },
	{ "found duplicate title '%s'", "given twice", true },
	{ "missing equal sign after option '%s'", "needs an equals sign", true },
	{ "missing opening brace for section '%s'", "needs an opening brace", true },
	{ "missing title for section '%s'", "needs a name in front of the brace", true },
	{ "attempt to append to non-list option '%s'", "is not a list: use = for +=", true },
	{ "unexpected token '%s'", "is not expected here", true },
	{ "unexpected closing brace", "a closing brace too many", false },
	{ "premature end of file", "the file ends too early", false },
};

__attribute__((format(printf, 2, 0))) static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct conf_where where = here(cfg);
	char text[REASON_MAX];

	reading->errors++;
	for (size_t i = 0; i < countof(messages); i++) {
		if (strcmp(fmt, messages[i].theirs) != 0)
			continue;
		conf_error(&where, messages[i].names_key ? va_arg(ap, const char *) : NULL, "%s",
		    messages[i].ours);
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	conf_error(&where, NULL, "%s", text);
}

/* ---- sections ---- */

static void
open_section(struct open *o, const struct conf_section *s, const cfg_t *cfg, const char *title)
{
	*o = (struct open){
		.where = here(reading->cfg), .cfg = cfg, .s = s, .errors = reading->errors
	};
	o->lines = calloc(s->n_keys + 1, sizeof(*o->lines));
	if (!o->lines) {
		reading->r = -ENOMEM;
		return;
	}
	if (s->name && !s->titled && cfg_size(reading->cfg, s->name) > 1) {
		conf_error(&o->where, s->name, "given twice");
		reading->errors++;
		return;
	}
	o->value = s->begin(reading->ctx, title, &o->where);
	if (o->value)
		conf_defaults(s->keys, s->n_keys, o->value);
	else
		reading->errors++;
}

static void
close_section(struct open *o)
{
	for (size_t i = 0; o->value && i < o->s->n_keys; i++) {
		if (!o->s->keys[i].required || o->lines[i] > 0)
			continue;
		conf_error(&o->where, o->s->keys[i].name, "is missing");
		reading->errors++;
	}
	/* What is half read would only be complained about twice. */
	if (o->value && reading->errors == o->errors && o->s->end &&
	    o->s->end(reading->ctx, o->value, &o->where) < 0)
		reading->errors++;
	free(o->lines);
	*o = (struct open){ 0 };
}

static const struct conf_section *
find_section(const char *name)
{
	for (size_t i = 0; i < reading->n; i++)
		if (reading->sections[i].name && strcmp(reading->sections[i].name, name) == 0)
			return &reading->sections[i];
	return NULL;
}

/* The section that a value of cfg goes to; begun now if this is its first. */
static struct open *
open_of(const cfg_t *cfg)
{
	if (cfg == reading->cfg)
		return &reading->top;
	if (reading->inner.cfg != cfg)
		open_section(&reading->inner, find_section(cfg->name), cfg, cfg->title);
	return &reading->inner;
}

/* libConfuse has read a section's closing brace. */
static int
on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	close_section(open_of(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1)));
	return reading->r;
}

/* ---- values ---- */

/* Lists: once per element, of which opt counts the one at hand already. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct open *o = open_of(cfg);
	struct conf_where where = here(cfg);
	const struct conf_key *key = NULL;
	char why[REASON_MAX];
	int *line;

	*(const char **)result = value;
	if (!o->value)
		return reading->r;
	key = conf_find(o->s->keys, o->s->n_keys, opt->name);
	line = &o->lines[key - o->s->keys];
	if (*line > 0 && (!conf_is_list(key) || opt->nvalues == 1)) {
		conf_error(&where, key->name, "given twice, first on line %d", *line);
		reading->errors++;
		return 0;
	}
	if (*line == 0)
		conf_reset(key, o->value); /* what is written replaces the default */
	*line = where.line;
	if (conf_set(key, o->value, value, why, sizeof(why)) < 0) {
		conf_error(&where, key->name, "%s", why);
		reading->errors++;
	}
	return 0;
}

/* ---- files ---- */

/* Parse one file as part of cfg. Messages name it and its lines meanwhile. */
static int
parse_file(cfg_t *cfg, const char *path)
{
	struct conf_where outer = { .file = cfg->filename, .line = cfg->line };
	char *name = cfg->filename, *text = NULL;
	FILE *f = NULL;
	int r = conf_file_read(path, &text);

	if (r < 0)
		return r;
	cfg->filename = strdup(path);
	f = *text ? fmemopen(text, strlen(text), "r") : NULL;
	if (!cfg->filename || (*text && !f))
		r = -ENOMEM;
	else if (f && cfg_parse_fp(cfg, f) != CFG_SUCCESS)
		r = -EINVAL;
	if (f)
		fclose(f);
	free(text);
	if (cfg == reading->cfg && !name)
		return r; /* the outermost file: cfg keeps its name, for what is still to be said */
	free(cfg->filename);
	cfg->filename = name;
	cfg->line = outer.line;
	return r;
}

/* include("file"): relative to the file that says so. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct conf_where where = here(cfg);
	const char *slash = strrchr(where.file, '/');
	char path[4096];
	int r;

	(void)opt;
	if (argc != 1 || reading->depth >= INCLUDE_DEPTH_MAX) {
		reading->errors++;
		return conf_error(&where, "include", "%s",
		    argc != 1 ? "needs one file name" : "includes itself, or too deep");
	}
	snprintf(path, sizeof(path), "%.*s%s",
	    slash && argv[0][0] != '/' ? (int)(slash - where.file + 1) : 0, where.file, argv[0]);
	reading->depth++;
	r = parse_file(cfg, path);
	reading->depth--;
	if (r == -EINVAL) {
		reading->errors++; /* already said */
	} else if (r < 0) {
		reading->errors++;
		conf_error(&where, "include", "%s: %s", path, strerror(-r));
	}
	return r;
}

/* ---- the rows in libConfuse's terms ---- */

/* Keys, include, and room for more; what is still zero is CFG_END. */
static cfg_opt_t *
make_options(const struct conf_key *keys, size_t n_keys, size_t room)
{
	cfg_opt_t *v = calloc(n_keys + room + 2, sizeof(*v));

	if (!v)
		return NULL;
	for (size_t i = 0; i < n_keys; i++) {
		const cfg_opt_t one = CFG_STR_CB(keys[i].name, NULL, CFGF_NODEFAULT, on_value);
		const cfg_opt_t list =
		    CFG_STR_LIST_CB(keys[i].name, NULL, CFGF_NODEFAULT, on_value);

		memcpy(&v[i], conf_is_list(&keys[i]) ? &list : &one, sizeof(v[i]));
	}
	memcpy(&v[n_keys], &(cfg_opt_t)CFG_FUNC("include", on_include), sizeof(*v));
	return v;
}

/* libConfuse copies the options; only the array of each section is ours to free. */
static cfg_t *
make_cfg(const struct conf_section *sections, size_t n)
{
	const struct conf_section *top = sections;
	cfg_opt_t *all, *at;
	cfg_t *cfg = NULL;

	for (size_t i = 0; i < n; i++)
		if (!sections[i].name)
			top = &sections[i];
	all = make_options(top->name ? NULL : top->keys, top->name ? 0 : top->n_keys, n);
	if (!all)
		return NULL;
	at = all + (top->name ? 0 : top->n_keys) + 1;
	for (size_t i = 0; i < n; i++) {
		cfg_opt_t *sub;

		if (!sections[i].name)
			continue;
		sub = make_options(sections[i].keys, sections[i].n_keys, 0);
		if (!sub)
			goto out;
		*at = (cfg_opt_t)CFG_SEC(sections[i].name, sub,
		    CFGF_MULTI | CFGF_NODEFAULT |
			(sections[i].titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE));
		at->validcb = on_section_end;
		at++;
	}
	cfg = cfg_init(all, CFGF_NONE);
out:
	for (cfg_opt_t *x = all; x < at; x++)
		free(x->subopts);
	free(all);
	return cfg;
}

static int
read_into(struct reading *x, const char *file)
{
	int r;

	x->cfg = make_cfg(x->sections, x->n);
	if (!x->cfg)
		return -ENOMEM;
	cfg_set_error_function(x->cfg, on_error);
	x->cfg->line = 1;
	for (size_t i = 0; i < x->n; i++) {
		if (x->sections[i].name)
			continue;
		x->cfg->filename = strdup(file);
		if (!x->cfg->filename)
			return -ENOMEM;
		open_section(&x->top, &x->sections[i], x->cfg, NULL);
		free(x->cfg->filename);
		x->cfg->filename = NULL;
	}
	r = parse_file(x->cfg, file);
	if (r < 0 && r != -EINVAL)
		fprintf(stderr, "%s: %s\n", file, strerror(-r));
	if (r == 0 && x->top.s)
		close_section(&x->top);
	if (x->r < 0)
		return x->r;
	return r < 0 ? r : x->errors ? -EINVAL : 0;
}

int
conf_load(const char *file, const struct conf_section *sections, size_t n, void *ctx)
{
	struct reading x = { .sections = sections, .n = n, .ctx = ctx };
	struct name *next;
	int r;

	reading = &x;
	r = read_into(&x, file);
	reading = NULL;

	if (x.cfg)
		cfg_free(x.cfg);
	free(x.top.lines);
	free(x.inner.lines);
	for (struct name *f = x.files; f; f = next) {
		next = f->next;
		free(f);
	}
	return r;
}
