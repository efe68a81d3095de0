/* hv_seen.c - see hv_seen.h. The file has a name a line; libvirt allows no newline in them. */
#include "hypervisor-hooks/hv_seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

/* By rename: what is there is whole. Without it the next run misses some that are gone. */
static void
save(const struct hv_seen *s)
{
	char fresh[512];
	FILE *out;
	bool good;

	if (!s->file)
		return;
	snprintf(fresh, sizeof(fresh), "%s.new", s->file);
	out = fopen(fresh, "we");
	for (const struct hv_seen_guest *g = out ? s->by_name : NULL; g; g = g->hh.next)
		fprintf(out, "%s\n", g->name);
	good = out && !ferror(out);
	if (out && fclose(out) != 0)
		good = false;
	if (!good || rename(fresh, s->file) != 0)
		log_warn("watch", "cannot write the list of guests", "file=%s: %m", s->file);
}

static struct hv_seen_guest *
add(struct hv_seen *s, const char *name)
{
	struct hv_seen_guest *g = hv_seen_find(s, name);

	if (g || strlen(name) > HV_NAME_MAX)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	memcpy(g->name, name, strlen(name) + 1);
	HASH_ADD_STR(s->by_name, name, g);
	if (!g->hh.tbl) {
		free(g);
		return NULL;
	}
	return g;
}

void
hv_seen_init(struct hv_seen *s, const char *file)
{
	FILE *in = file ? fopen(file, "re") : NULL;
	char line[HV_NAME_MAX + 2];

	*s = (struct hv_seen){ .file = file };
	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			(void)add(s, line); /* no memory: as if it had not been there */
	}
	if (in)
		fclose(in);
}

void
hv_seen_done(struct hv_seen *s)
{
	struct hv_seen_guest *g, *next;

	HASH_ITER (hh, s->by_name, g, next) {
		HASH_DEL(s->by_name, g);
		free(g);
	}
}

struct hv_seen_guest *
hv_seen_find(const struct hv_seen *s, const char *name)
{
	struct hv_seen_guest *g;

	HASH_FIND_STR(s->by_name, name, g);
	return g;
}

struct hv_seen_guest *
hv_seen_add(struct hv_seen *s, const char *name)
{
	struct hv_seen_guest *g = hv_seen_find(s, name);

	if (g)
		return g;
	g = add(s, name);
	if (g)
		save(s);
	return g;
}

void
hv_seen_remove(struct hv_seen *s, const char *name)
{
	struct hv_seen_guest *g = hv_seen_find(s, name);

	if (!g)
		return;
	HASH_DEL(s->by_name, g);
	free(g);
	save(s);
}
