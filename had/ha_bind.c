/* ha_bind.c - see ha_bind.h. */
#include "had/ha_bind.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint8_t
ha_reg_claims(const struct ha_reg *r, struct ip6_prefix ret_claims[static HA_CLAIMS_MAX])
{
	bool covered = false;
	uint8_t n = 0;

	for (; n < r->n; n++) {
		ret_claims[n] = r->prefix[n];
		covered |= ip6_prefix_has(&r->prefix[n], &r->hoa);
	}
	if (!covered)
		ret_claims[n++] = ip6_host(&r->hoa);
	return n;
}

void
ha_cache_init(struct ha_cache *c)
{
	memset(c, 0, sizeof(*c));
	trie_init(&c->claims);
}

static void
forget(struct ha_bind *b)
{
	plan_done(&b->plan);
	free(b->hand);
	free(b);
}

void
ha_cache_done(struct ha_cache *c)
{
	struct ha_bind *b, *next;

	HASH_ITER (hh, c->by_hoa, b, next) {
		HASH_DELETE(hh, c->by_hoa, b);
		forget(b);
	}
	ha_due_done(&c->due);
	trie_done(&c->claims);
	memset(c, 0, sizeof(*c));
}

struct ha_bind *
ha_cache_find(const struct ha_cache *c, const struct in6_addr *hoa)
{
	struct ha_bind *b;

	HASH_FIND(hh, c->by_hoa, hoa, sizeof(*hoa), b);
	return b;
}

int
ha_cache_add(struct ha_cache *c, const struct in6_addr *hoa, struct ha_bind **ret_bind)
{
	struct ha_bind *b;

	if (ha_due_reserve(&c->due, c->n + 1) < 0)
		return -ENOMEM;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->reg.hoa = *hoa;
	b->state = HA_DELETED;
	b->due = MONO_NEVER;
	b->slot = HA_DUE_NONE;
	HASH_ADD(hh, c->by_hoa, reg.hoa, sizeof(b->reg.hoa), b);
	if (!b->hh.tbl) {
		free(b);
		return -ENOMEM;
	}
	c->n++;
	*ret_bind = b;
	return 0;
}

void
ha_cache_remove(struct ha_cache *c, struct ha_bind *b)
{
	assert(b->plan.n == 0);
	ha_cache_unclaim(c, b);
	ha_due_set(&c->due, b, MONO_NEVER);
	HASH_DELETE(hh, c->by_hoa, b);
	c->n--;
	forget(b);
}

static bool
is_among(const struct ip6_prefix *p, const struct ip6_prefix *v, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++) {
		if (ip6_prefix_equal(p, &v[i]))
			return true;
	}
	return false;
}

/* Let go of what b holds of v[0..n), except what is in keep. */
static void
release(struct ha_cache *c, struct ha_bind *b, const struct ip6_prefix *v, uint8_t n,
    const struct ip6_prefix *keep, uint8_t keeps)
{
	for (uint8_t i = 0; i < n; i++) {
		if (!is_among(&v[i], keep, keeps) && trie_get(&c->claims, &v[i]) == b)
			(void)trie_remove(&c->claims, &v[i]);
	}
}

int
ha_cache_claim(struct ha_cache *c, struct ha_bind *b, const struct ha_reg *next)
{
	struct ip6_prefix held[HA_CLAIMS_MAX], wanted[HA_CLAIMS_MAX];
	uint8_t helds = b->state == HA_BOUND ? ha_reg_claims(&b->reg, held) : 0;
	uint8_t n = ha_reg_claims(next, wanted);

	for (uint8_t i = 0; i < n; i++) {
		int r = trie_add(&c->claims, &wanted[i], b);

		if (r < 0 && r != -EEXIST) {
			release(c, b, wanted, i, held, helds);
			return r;
		}
	}
	release(c, b, held, helds, wanted, n);
	return 0;
}

void
ha_cache_unclaim(struct ha_cache *c, struct ha_bind *b)
{
	struct ip6_prefix held[HA_CLAIMS_MAX];

	if (b->state == HA_BOUND)
		release(c, b, held, ha_reg_claims(&b->reg, held), NULL, 0);
}
