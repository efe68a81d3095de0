/*
 * trie.h - a binary trie of prefixes that knows overlaps.
 *
 * A prefix overlaps another if either covers the other. One value per prefix.
 *
 * Layer: base.
 */
#pragma once

#include "common/wire/ip6.h"

struct trie_node; /* opaque */

struct trie {
	struct trie_node *root;
	size_t n; /* prefixes held */
};

void trie_init(struct trie *t);
void trie_done(struct trie *t);	       /* values are the caller's */
void trie_done_values(struct trie *t); /* and free() every value */

/* 0, -EEXIST if p itself is there (whatever its value), -ENOMEM. value is not NULL. */
int trie_add(struct trie *t, const struct ip6_prefix *p, void *value);
/* The value that was there, or NULL. */
void *trie_remove(struct trie *t, const struct ip6_prefix *p);
/* The value of exactly p, or NULL. */
void *trie_get(const struct trie *t, const struct ip6_prefix *p);
/* The value of the longest prefix that covers p, p itself included; NULL if none. */
void *trie_longest(const struct trie *t, const struct ip6_prefix *p);

/*
 * Call fn for every prefix that overlaps p (covers it, equals it or lies within
 * it) until fn returns false. Shortest first along the path, then those within.
 * fn must not change the trie.
 */
void trie_overlaps(const struct trie *t, const struct ip6_prefix *p,
    bool (*fn)(void *ctx, const struct ip6_prefix *q, void *value), void *ctx);
