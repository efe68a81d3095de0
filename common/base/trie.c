/*
 * trie.c - see trie.h.
 *
 * Path-compressed: a node stands for a prefix that is held, or (value NULL) for
 * the bits that two held ones below it have in common. So n prefixes need at
 * most 2n - 1 nodes, and no walk is deeper than 129.
 */
#include "common/base/trie.h"

#include <errno.h>
#include <stdlib.h>

struct trie_node {
	struct ip6_prefix p;
	void *value;		    /* NULL: only a fork */
	struct trie_node *child[2]; /* by the bit behind p */
};

/* The bit at a position, 0 the first; at most 127. */
static unsigned
bit_at(const struct in6_addr *a, unsigned at)
{
	return a->s6_addr[at / 8] >> (7 - at % 8) & 1;
}

/* How many leading bits two prefixes share, at most the shorter one's length. */
static uint8_t
common_bits(const struct ip6_prefix *a, const struct ip6_prefix *b)
{
	unsigned max = a->len < b->len ? a->len : b->len;
	unsigned n = 0;

	while (n + 8 <= max && a->addr.s6_addr[n / 8] == b->addr.s6_addr[n / 8])
		n += 8;
	while (n < max && bit_at(&a->addr, n) == bit_at(&b->addr, n))
		n++;
	return (uint8_t)n;
}

static bool
covers(const struct trie_node *n, const struct ip6_prefix *p)
{
	return n->p.len <= p->len && common_bits(&n->p, p) == n->p.len;
}

void
trie_init(struct trie *t)
{
	*t = (struct trie){ 0 };
}

static void
free_below(struct trie_node *n)
{
	if (!n)
		return;
	free_below(n->child[0]);
	free_below(n->child[1]);
	free(n);
}

void
trie_done(struct trie *t)
{
	free_below(t->root);
	trie_init(t);
}

static struct trie_node *
new_node(const struct ip6_prefix *p, uint8_t len, void *value)
{
	struct trie_node *n = calloc(1, sizeof(*n));

	if (n) {
		n->p.addr = p->addr;
		n->p.len = len;
		n->value = value;
	}
	return n;
}

/* Put a node for p in *link's place; what was there goes below it, or beside it below a fork. */
static int
add_above(struct trie_node **link, const struct ip6_prefix *p, uint8_t common, void *value)
{
	struct trie_node *old = *link;
	struct trie_node *leaf = new_node(p, p->len, value);
	struct trie_node *fork;

	if (!leaf)
		return -ENOMEM;
	if (!old || common == p->len) {
		if (old)
			leaf->child[bit_at(&old->p.addr, common)] = old;
		*link = leaf;
		return 0;
	}
	fork = new_node(p, common, NULL);
	if (!fork) {
		free(leaf);
		return -ENOMEM;
	}
	fork->child[bit_at(&old->p.addr, common)] = old;
	fork->child[bit_at(&p->addr, common)] = leaf;
	*link = fork;
	return 0;
}

int
trie_add(struct trie *t, const struct ip6_prefix *p, void *value)
{
	struct trie_node **link = &t->root;
	int r;

	while (*link && covers(*link, p) && (*link)->p.len < p->len)
		link = &(*link)->child[bit_at(&p->addr, (*link)->p.len)];

	if (*link && covers(*link, p)) {
		if ((*link)->value)
			return -EEXIST;
		(*link)->p = *p; /* a fork has bits of its first child's behind its length */
		(*link)->value = value;
		r = 0;
	} else {
		r = add_above(link, p, *link ? common_bits(&(*link)->p, p) : 0, value);
	}
	if (r == 0)
		t->n++;
	return r;
}

/* Take a node that holds nothing and has one child or none out of the trie. */
static void
splice(struct trie_node **link)
{
	struct trie_node *n = *link;

	if (!n || n->value || (n->child[0] && n->child[1]))
		return;
	*link = n->child[0] ? n->child[0] : n->child[1];
	free(n);
}

void *
trie_remove(struct trie *t, const struct ip6_prefix *p)
{
	struct trie_node **above = NULL, **link = &t->root;
	void *value;

	while (*link && covers(*link, p) && (*link)->p.len < p->len) {
		above = link;
		link = &(*link)->child[bit_at(&p->addr, (*link)->p.len)];
	}
	if (!*link || !covers(*link, p) || !(*link)->value)
		return NULL;

	value = (*link)->value;
	(*link)->value = NULL;
	t->n--;
	splice(link);
	if (above)
		splice(above); /* a fork that lost a side */
	return value;
}

void *
trie_get(const struct trie *t, const struct ip6_prefix *p)
{
	const struct trie_node *n = t->root;

	while (n && covers(n, p) && n->p.len < p->len)
		n = n->child[bit_at(&p->addr, n->p.len)];
	return n && covers(n, p) ? n->value : NULL;
}

void *
trie_longest(const struct trie *t, const struct ip6_prefix *p)
{
	void *found = NULL;

	for (const struct trie_node *n = t->root; n && covers(n, p);) {
		if (n->value)
			found = n->value;
		n = n->p.len < p->len ? n->child[bit_at(&p->addr, n->p.len)] : NULL;
	}
	return found;
}

typedef bool overlap_fn(void *ctx, const struct ip6_prefix *q, void *value);

/* This node and all below it; false once fn said so. */
static bool
each_below(const struct trie_node *n, overlap_fn *fn, void *ctx)
{
	if (!n)
		return true;
	if (n->value && !fn(ctx, &n->p, n->value))
		return false;
	return each_below(n->child[0], fn, ctx) && each_below(n->child[1], fn, ctx);
}

void
trie_overlaps(const struct trie *t, const struct ip6_prefix *p, overlap_fn *fn, void *ctx)
{
	const struct trie_node *n = t->root;

	while (n && covers(n, p) && n->p.len < p->len) {
		if (n->value && !fn(ctx, &n->p, n->value))
			return;
		n = n->child[bit_at(&p->addr, n->p.len)];
	}
	if (n && common_bits(&n->p, p) == p->len)
		each_below(n, fn, ctx);
}

static bool
free_value(void *ctx, const struct ip6_prefix *q, void *value)
{
	(void)ctx;
	(void)q;
	free(value);
	return true;
}

void
trie_done_values(struct trie *t)
{
	const struct ip6_prefix all = { 0 };

	trie_overlaps(t, &all, free_value, NULL);
	trie_done(t);
}
