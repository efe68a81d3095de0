/* ha_prefix.c - see ha_prefix.h. */
#include "had/ha_prefix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
ha_table_init(struct ha_table *t)
{
	memset(t, 0, sizeof(*t));
	trie_init(&t->claims);
}

void
ha_table_done(struct ha_table *t)
{
	HASH_CLEAR(hh, t->by_hoa);
	for (size_t i = 0; i < t->guests; i++)
		free(t->guest[i]);
	for (size_t i = 0; i < t->ranges; i++)
		free(t->range[i]);
	free(t->guest);
	free(t->range);
	trie_done(&t->claims);
	memset(t, 0, sizeof(*t));
}

/* Room for one more pointer behind the n there are; doubles at the powers of two. */
static void *
grown(void *v, size_t n)
{
	if ((n & (n - 1)) != 0)
		return v;
	return realloc(v, (n ? 2 * n : 1) * sizeof(void *));
}

struct ha_guest *
ha_table_add_guest(struct ha_table *t, const char *name)
{
	struct ha_guest **v = grown(t->guest, t->guests);
	struct ha_guest *g = calloc(1, sizeof(*g));

	if (v)
		t->guest = v;
	if (!v || !g) {
		free(g);
		return NULL;
	}
	strncpy(g->name, name, HA_NAME_MAX);
	return t->guest[t->guests++] = g;
}

struct ha_range *
ha_table_add_range(struct ha_table *t, const char *name)
{
	struct ha_range **v = grown(t->range, t->ranges);
	struct ha_range *r = calloc(1, sizeof(*r));

	if (v)
		t->range = v;
	if (!v || !r) {
		free(r);
		return NULL;
	}
	strncpy(r->name, name, HA_NAME_MAX);
	return t->range[t->ranges++] = r;
}

static bool
any_has(const struct ip6_prefix *v, uint8_t n, const struct in6_addr *a)
{
	for (uint8_t i = 0; i < n; i++) {
		if (ip6_prefix_has(&v[i], a))
			return true;
	}
	return false;
}

struct clash {
	const struct ha_guest *self; /* whose claims do not count */
	const struct ip6_prefix *p;
	bool equal_counts, unequal_counts;
	const struct ha_guest *other; /* found */
};

static bool
see_clash(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct clash *c = ctx;
	bool equal = ip6_prefix_equal(q, c->p);

	if (value != c->self && (equal ? c->equal_counts : c->unequal_counts))
		c->other = value;
	return !c->other;
}

/* 0, or -EEXIST. What exists already as g's own, or may be shared, is not added twice. */
static int
claim(struct ha_table *t, struct ha_guest *g, const struct ip6_prefix *p, struct clash c,
    const struct ha_guest **ret_other)
{
	int r;

	c.self = g;
	c.p = p;
	trie_overlaps(&t->claims, p, see_clash, &c);
	if (c.other) {
		*ret_other = c.other;
		return -EEXIST;
	}
	r = trie_add(&t->claims, p, g);
	return r == -EEXIST ? 0 : r;
}

int
ha_table_index(struct ha_table *t, struct ha_guest *g, bool takeover, bool nested,
    const struct ha_guest **ret_other, struct ip6_prefix *ret_prefix)
{
	struct clash prefix = { .equal_counts = !takeover, .unequal_counts = !nested };
	struct clash home = { .equal_counts = true, .unequal_counts = !nested };
	int r = 0;

	*ret_prefix = ip6_host(&g->hoa);
	*ret_other = ha_table_guest(t, &g->hoa);
	if (*ret_other)
		return -EEXIST;
	/* Inside of its own prefixes, the home address is nothing to claim beside them. */
	if (!any_has(g->prefix, g->n, &g->hoa))
		r = claim(t, g, ret_prefix, home, ret_other);
	for (uint8_t i = 0; i < g->n && r == 0; i++) {
		*ret_prefix = g->prefix[i];
		r = claim(t, g, ret_prefix, prefix, ret_other);
	}
	if (r < 0)
		return r;
	HASH_ADD(hh, t->by_hoa, hoa, sizeof(g->hoa), g);
	return g->hh.tbl ? 0 : -ENOMEM;
}

const struct ha_guest *
ha_table_guest(const struct ha_table *t, const struct in6_addr *hoa)
{
	struct ha_guest *g;

	HASH_FIND(hh, t->by_hoa, hoa, sizeof(*hoa), g);
	return g;
}

static bool
any_covers(const struct ip6_prefix *v, uint8_t n, const struct ip6_prefix *p)
{
	for (uint8_t i = 0; i < n; i++) {
		if (ip6_prefix_covers(&v[i], p))
			return true;
	}
	return false;
}

static bool
range_gives(const struct ha_range *r, const struct in6_addr *hoa, const struct ip6_prefix *p)
{
	if (p->len < r->shortest || p->len > r->longest || !any_has(r->home, r->homes, hoa))
		return false;
	return any_covers(r->prefix, r->prefixes, p);
}

bool
ha_table_serves(const struct ha_table *t, const struct in6_addr *hoa)
{
	if (ha_table_guest(t, hoa))
		return true;
	for (size_t i = 0; i < t->ranges; i++) {
		if (any_has(t->range[i]->home, t->range[i]->homes, hoa))
			return true;
	}
	return false;
}

bool
ha_table_has(const struct ha_table *t, const struct ip6_prefix *p)
{
	for (size_t i = 0; i < t->ranges; i++) {
		const struct ha_range *r = t->range[i];

		if (any_covers(r->home, r->homes, p) || any_covers(r->prefix, r->prefixes, p))
			return true;
	}
	return trie_longest(&t->claims, p);
}

enum ha_allows
ha_table_allows(const struct ha_table *t, const struct in6_addr *hoa, const struct ip6_prefix *p)
{
	const struct ha_guest *g = ha_table_guest(t, hoa);
	struct clash c = { .p = p, .unequal_counts = true };
	bool given = false;

	/* A guest of the table has what the table says, wherever its address lies. */
	for (uint8_t i = 0; g && i < g->n; i++) {
		if (ip6_prefix_equal(&g->prefix[i], p))
			return HA_ALLOWED;
	}
	for (size_t i = 0; !g && !given && i < t->ranges; i++)
		given = range_gives(t->range[i], hoa, p);
	if (!given || trie_get(&t->claims, p))
		return HA_DENIED;
	trie_overlaps(&t->claims, p, see_clash, &c);
	return c.other ? HA_OVERLAPS : HA_ALLOWED;
}

const struct ha_guest *
ha_table_covers(const struct ha_table *t, const struct in6_addr *hoa)
{
	struct ip6_prefix host = ip6_host(hoa);
	struct clash c = {
		.self = ha_table_guest(t, hoa),
		.p = &host,
		.equal_counts = true,
		.unequal_counts = true,
	};

	if (c.self && any_has(c.self->prefix, c.self->n, hoa))
		return NULL;
	trie_overlaps(&t->claims, &host, see_clash, &c);
	return c.other;
}
