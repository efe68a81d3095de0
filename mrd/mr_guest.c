/* mr_guest.c - see mr_guest.h. */
#include "mrd/mr_guest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"

/*
 * Every word that can be done, in every state. What is missing is refused: a guest
 * that was never here cannot be suspended. A word may come again, and steps may be
 * missing: `running` straight from absent (the hook of `incoming` was lost). An
 * `incoming` for a guest that runs is late or said twice, and must not take a guest
 * that runs off the air; should the word of its departure have been lost instead,
 * the `running` that follows registers it anew. No word here ever de-registers: the
 * destination may have registered already.
 */
static const struct mr_life life[] = {
	/* clang-format off */
	{ MR_ABSENT,    MR_WORD_INCOMING,  MR_INCOMING,  MR_LIFE_KEEP },
	{ MR_ABSENT,    MR_WORD_RUNNING,   MR_RUNNING,   MR_LIFE_ATTACH },
	{ MR_ABSENT,    MR_WORD_GONE,      MR_ABSENT,    MR_LIFE_KEEP },	/* again */

	{ MR_INCOMING,  MR_WORD_INCOMING,  MR_INCOMING,  MR_LIFE_KEEP },	/* again */
	{ MR_INCOMING,  MR_WORD_RUNNING,   MR_RUNNING,   MR_LIFE_ATTACH },
	{ MR_INCOMING,  MR_WORD_GONE,      MR_LEAVING,   MR_LIFE_KEEP },	/* cancelled */

	{ MR_RUNNING,   MR_WORD_INCOMING,  MR_RUNNING,   MR_LIFE_KEEP },	/* late */
	{ MR_RUNNING,   MR_WORD_RUNNING,   MR_RUNNING,   MR_LIFE_NUDGE },	/* again */
	{ MR_RUNNING,   MR_WORD_SUSPENDED, MR_SUSPENDED, MR_LIFE_HOLD },
	{ MR_RUNNING,   MR_WORD_GONE,      MR_LEAVING,   MR_LIFE_DETACH },

	{ MR_SUSPENDED, MR_WORD_INCOMING,  MR_INCOMING,  MR_LIFE_DETACH },	/* it had left */
	{ MR_SUSPENDED, MR_WORD_RUNNING,   MR_RUNNING,   MR_LIFE_ATTACH },	/* failed, or paused */
	{ MR_SUSPENDED, MR_WORD_SUSPENDED, MR_SUSPENDED, MR_LIFE_KEEP },	/* again */
	{ MR_SUSPENDED, MR_WORD_GONE,      MR_LEAVING,   MR_LIFE_DETACH },

	{ MR_LEAVING,   MR_WORD_INCOMING,  MR_INCOMING,  MR_LIFE_DETACH },	/* and back */
	{ MR_LEAVING,   MR_WORD_RUNNING,   MR_RUNNING,   MR_LIFE_ATTACH },
	{ MR_LEAVING,   MR_WORD_GONE,      MR_LEAVING,   MR_LIFE_KEEP },	/* again */
	{ MR_LEAVING,   MR_WORD_OVER,      MR_ABSENT,    MR_LIFE_DETACH },
	/* clang-format on */
};

/* ---- the table of guests ---- */

int
mr_guests_init(struct mr_guests *all, unsigned max)
{
	*all = (struct mr_guests){ .max = max };
	trie_init(&all->prefixes);
	all->index_used = calloc(max, 1);
	return all->index_used ? 0 : -ENOMEM;
}

void
mr_guests_done(struct mr_guests *all)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, all->by_name, g, next)
		mr_guests_remove(all, g);
	trie_done(&all->prefixes);
	free(all->index_used);
	*all = (struct mr_guests){ 0 };
}

struct mr_guest *
mr_guests_find(const struct mr_guests *all, const char *name)
{
	struct mr_guest *g;

	HASH_FIND_STR(all->by_name, name, g);
	return g;
}

struct mr_guest *
mr_guests_by_home(const struct mr_guests *all, const struct in6_addr *home)
{
	struct ip6_prefix host = ip6_host(home);
	struct mr_guest *g = trie_longest(&all->prefixes, &host);

	return g && ip6_equal(&g->conf.home_address, home) ? g : NULL;
}

bool
mr_guest_home_is_apart(const struct mr_guest_conf *conf)
{
	for (unsigned i = 0; i < conf->prefixes; i++) {
		if (ip6_prefix_has(&conf->prefix[i], &conf->home_address))
			return false;
	}
	return true;
}

/* What a guest occupies: its prefixes, and its Home Address if that is apart. */
static unsigned
claims_of(const struct mr_guest_conf *conf, struct ip6_prefix claim[static MR_PREFIX_MAX + 1])
{
	unsigned n = 0;

	for (unsigned i = 0; i < conf->prefixes; i++)
		claim[n++] = conf->prefix[i];
	if (mr_guest_home_is_apart(conf))
		claim[n++] = ip6_host(&conf->home_address);
	return n;
}

bool
mr_guest_confs_overlap(const struct mr_guest_conf *a, const struct mr_guest_conf *b)
{
	struct ip6_prefix as[MR_PREFIX_MAX + 1], bs[MR_PREFIX_MAX + 1];
	unsigned an = claims_of(a, as), bn = claims_of(b, bs);

	for (unsigned i = 0; i < an * bn; i++) {
		if (ip6_prefix_overlaps(&as[i / bn], &bs[i % bn]))
			return true;
	}
	return false;
}

struct overlap {
	const struct mr_guest *but, *found;
};

static bool
note_overlap(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct overlap *o = ctx;

	(void)q;
	if (value != o->but)
		o->found = value;
	return !o->found;
}

const struct mr_guest *
mr_guests_overlap(
    const struct mr_guests *all, const struct mr_guest_conf *conf, const struct mr_guest *but)
{
	struct ip6_prefix claim[MR_PREFIX_MAX + 1];
	unsigned n = claims_of(conf, claim);
	struct overlap o = { .but = but };

	for (unsigned i = 0; i < n && !o.found; i++)
		trie_overlaps(&all->prefixes, &claim[i], note_overlap, &o);
	return o.found;
}

void
mr_guests_release(struct mr_guests *all, struct mr_guest *g)
{
	struct ip6_prefix claim[MR_PREFIX_MAX + 1];
	unsigned n = claims_of(&g->conf, claim);

	for (unsigned i = 0; i < n; i++) {
		if (trie_get(&all->prefixes, &claim[i]) == g)
			(void)trie_remove(&all->prefixes, &claim[i]);
	}
}

static int
claim_all(struct mr_guests *all, struct mr_guest *g)
{
	struct ip6_prefix claim[MR_PREFIX_MAX + 1];
	unsigned n = claims_of(&g->conf, claim);
	int r;

	for (unsigned i = 0; i < n; i++) {
		r = trie_add(&all->prefixes, &claim[i], g);
		if (r < 0) {
			mr_guests_release(all, g);
			return r;
		}
	}
	return 0;
}

static uint32_t
free_index(const struct mr_guests *all)
{
	for (uint32_t i = 0; i < all->max; i++) {
		if (!all->index_used[i])
			return i;
	}
	return MR_INDEX_ANY;
}

int
mr_guests_add(struct mr_guests *all, const struct mr_guest_conf *conf, uint32_t index,
    struct mr_guest **ret_guest)
{
	struct mr_guest *g;
	int r;

	if (mr_guests_find(all, conf->name) || mr_guests_overlap(all, conf, NULL))
		return -EEXIST;
	if (index >= all->max || all->index_used[index])
		index = free_index(all);
	if (index == MR_INDEX_ANY)
		return -ENOSPC;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->conf = *conf;
	g->index = index;
	g->since = MONO_NEVER;
	g->over = MONO_NEVER;
	g->retry = MONO_NEVER;
	g->late_over = MONO_NEVER;
	mr_homing_init(&g->homing);
	r = claim_all(all, g);
	if (r < 0) {
		free(g);
		return r;
	}
	HASH_ADD_STR(all->by_name, conf.name, g);
	if (!g->hh.tbl) {
		mr_guests_release(all, g);
		free(g);
		return -ENOMEM;
	}
	all->index_used[index] = 1;
	*ret_guest = g;
	return 0;
}

int
mr_guests_change(struct mr_guests *all, struct mr_guest *g, const struct mr_guest_conf *conf)
{
	struct mr_guest_conf old = g->conf;
	int r;

	assert(strcmp(g->conf.name, conf->name) == 0);
	if (mr_guests_overlap(all, conf, g))
		return -EEXIST;
	mr_guests_release(all, g);
	g->conf = *conf;
	r = claim_all(all, g);
	if (r < 0) {
		g->conf = old;
		/* Memory just freed is there again; should it not be, only a check is weaker. */
		(void)claim_all(all, g);
	}
	return r;
}

static bool
has_prefix(const struct mr_guest_conf *conf, const struct ip6_prefix *p)
{
	for (unsigned i = 0; i < conf->prefixes; i++) {
		if (ip6_prefix_equal(&conf->prefix[i], p))
			return true;
	}
	return false;
}

void
mr_guest_note_former(struct mr_guest *g, const struct mr_guest_conf *old)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->formers; i++) {
		if (!has_prefix(&g->conf, &g->former[i]))
			g->former[n++] = g->former[i];
	}
	for (unsigned i = 0; i < old->prefixes && n < MR_PREFIX_MAX; i++) {
		if (!has_prefix(&g->conf, &old->prefix[i]))
			g->former[n++] = old->prefix[i];
	}
	g->formers = (uint8_t)n;
}

void
mr_guests_remove(struct mr_guests *all, struct mr_guest *g)
{
	mr_guests_release(all, g);
	HASH_DEL(all->by_name, g);
	all->index_used[g->index] = 0;
	plan_done(&g->plan);
	free(g);
}

bool
mr_guest_conf_equal(const struct mr_guest_conf *a, const struct mr_guest_conf *b)
{
	if (a->prefixes != b->prefixes || a->macs != b->macs || strcmp(a->link, b->link) != 0 ||
	    !ip6_equal(&a->home_address, &b->home_address))
		return false;
	for (unsigned i = 0; i < a->prefixes; i++) {
		if (!ip6_prefix_equal(&a->prefix[i], &b->prefix[i]))
			return false;
	}
	return memcmp(a->mac, b->mac, a->macs * sizeof(a->mac[0])) == 0;
}

/* ---- life ---- */

const struct mr_life *
mr_life_rule(enum mr_guest_state from, enum mr_word on)
{
	for (size_t i = 0; i < countof(life); i++) {
		if (life[i].from == from && life[i].on == on)
			return &life[i];
	}
	return NULL;
}

void
mr_guest_enter(struct mr_guest *g, enum mr_guest_state to, mono_t now, int64_t grace_ms)
{
	g->dirty = true;
	if (g->state == to)
		return;
	g->state = to;
	g->since = now;
	if (!mr_guest_is_here(g))
		g->formers = 0;
	g->over = to == MR_LEAVING ? mono_add_ms(now, grace_ms) : MONO_NEVER;
}

bool
mr_guest_is_here(const struct mr_guest *g)
{
	return g->state == MR_INCOMING || g->state == MR_RUNNING || g->state == MR_SUSPENDED;
}

static const char *const state_names[MR_GUEST_STATES] = {
	[MR_ABSENT] = "absent",
	[MR_INCOMING] = "incoming",
	[MR_RUNNING] = "running",
	[MR_SUSPENDED] = "suspended",
	[MR_LEAVING] = "leaving",
};

const char *
mr_guest_state_name(enum mr_guest_state state)
{
	return state_names[state];
}

int
mr_guest_state_of_name(const char *name, enum mr_guest_state *ret_state)
{
	for (unsigned i = 0; i < MR_GUEST_STATES; i++) {
		if (strcmp(state_names[i], name) == 0) {
			*ret_state = (enum mr_guest_state)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
mr_word_name(enum mr_word word)
{
	static const char *const names[MR_WORDS] = {
		[MR_WORD_INCOMING] = "incoming",
		[MR_WORD_RUNNING] = "running",
		[MR_WORD_SUSPENDED] = "suspended",
		[MR_WORD_GONE] = "gone",
		[MR_WORD_OVER] = "over",
	};

	return names[word];
}

const char *
mr_origin_name(enum mr_origin origin)
{
	return origin == MR_ORIGIN_CONFIG ? "config" : "control";
}

static const char *const origin_words[] = {
	[MR_ORIGIN_CONFIG] = "config",
	[MR_ORIGIN_CONTROL] = "control",
	[MR_ORIGIN_VISIT] = "visit",
};

const char *
mr_origin_word(enum mr_origin origin)
{
	return origin_words[origin];
}

int
mr_origin_of_word(const char *word, enum mr_origin *ret_origin)
{
	for (unsigned i = 0; i < countof(origin_words); i++) {
		if (strcmp(origin_words[i], word) == 0) {
			*ret_origin = (enum mr_origin)i;
			return 0;
		}
	}
	return -EINVAL;
}
