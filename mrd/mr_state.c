/* mr_state.c - see mr_state.h. */
#include "mrd/mr_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/text.h"

#define WORDS_MAX 64
#define LINE_MAX_OCTETS 2048

/* ---- writing ---- */

void
mr_text_done(struct mr_text *t)
{
	free(t->s);
	*t = (struct mr_text){ 0 };
}

static bool
reserve(struct mr_text *t, size_t n)
{
	size_t cap = t->cap ? t->cap : 1024;
	char *s;

	while (cap < t->n + n)
		cap *= 2;
	if (t->bad || cap == t->cap)
		return !t->bad;
	s = realloc(t->s, cap);
	if (!s) {
		t->bad = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

__attribute__((format(printf, 2, 3))) static void
put(struct mr_text *t, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		t->bad = true;
		return;
	}
	if (!reserve(t, (size_t)n + 1))
		return;
	memcpy(t->s + t->n, line, (size_t)n + 1);
	t->n += (size_t)n;
}

void
mr_state_put_head(struct mr_text *t)
{
	put(t, "# written by mrd; read when it starts. Changes are lost.\n");
}

void
mr_state_put_guest(struct mr_text *t, const struct mr_guest *g)
{
	const struct mr_guest_conf *c = &g->conf;
	char a[TEXT_ADDR_MAX], p[TEXT_PREFIX_MAX], m[TEXT_MAC_MAX];

	put(t, "guest %s \"%s\" index %u origin %s", mr_guest_state_name(g->state), c->name,
	    g->index, mr_origin_word(g->origin));
	if (g->reg.seq.any)
		put(t, " sequence %u at %u", (unsigned)g->reg.seq.last,
		    (unsigned)(g->reg.seq.at_ms / 1000));
	if (g->reg.state == MR_REG_BOUND) {
		put(t, " care-of-address %s", text_addr(&g->reg.careof, a));
		put(t, " home-agent %s mode %s good-until %llu granted %u",
		    text_addr(&g->reg.with.home_agent, a), mr_mode_name(&g->reg.with),
		    (unsigned long long)g->reg.expires.ms / 1000, (unsigned)g->reg.granted_s);
	}
	put(t, " home-address %s", text_addr(&c->home_address, a));
	for (unsigned i = 0; i < c->prefixes; i++)
		put(t, " prefix %s", text_prefix(&c->prefix[i], p));
	for (unsigned i = 0; i < c->macs; i++)
		put(t, " mac %s", text_mac(&c->mac[i], m));
	put(t, " interface \"%s\"\n", c->link);
}

void
mr_state_put_was(struct mr_text *t, const char *name, const char *value)
{
	put(t, "was \"%s\" \"%s\"\n", name, value);
}

/* ---- reading ---- */

/* Cut a copy of the line into words; quotes hold a word together. -1: malformed. */
static int
cut(char *s, const char *words[static WORDS_MAX])
{
	int n = 0;

	for (;;) {
		char end = ' ';

		while (*s == ' ')
			s++;
		if (*s == '\0')
			return n;
		if (n == WORDS_MAX)
			return -1;
		if (*s == '"')
			end = *s++;
		words[n++] = s;
		s = strchr(s, end);
		if (!s)
			return end == '"' ? -1 : n;
		*s++ = '\0';
	}
}

static int
copy(char *to, size_t len, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || n >= len)
		return -EBADMSG;
	memcpy(to, value, n + 1);
	return 0;
}

static int
get_index(struct mr_state_guest *g, const char *value)
{
	return text_to_u32(value, 0, MR_INDEX_ANY - 1, &g->index);
}

static int
get_origin(struct mr_state_guest *g, const char *value)
{
	return mr_origin_of_word(value, &g->origin);
}

static int
get_sequence(struct mr_state_guest *g, const char *value)
{
	uint32_t last;
	int r = text_to_u32(value, 0, UINT16_MAX, &last);

	if (r < 0)
		return r;
	g->seq.last = (uint16_t)last;
	return 0;
}

/* Seconds will do: it only tells whether the number is too old to matter. */
static int
get_at(struct mr_state_guest *g, const char *value)
{
	uint32_t at_s;
	int r = text_to_u32(value, 0, UINT32_MAX, &at_s);

	if (r < 0)
		return r;
	g->seq.at_ms = (int64_t)at_s * 1000;
	g->seq.any = true;
	return 0;
}

static int
get_careof(struct mr_state_guest *g, const char *value)
{
	return text_to_addr(value, &g->known.careof);
}

static int
get_home_agent(struct mr_state_guest *g, const char *value)
{
	return text_to_addr(value, &g->known.with.home_agent);
}

static int
get_mode(struct mr_state_guest *g, const char *value)
{
	g->known.with.explicit_mode = strcmp(value, "explicit") == 0;
	return g->known.with.explicit_mode || strcmp(value, "implicit") == 0 ? 0 : -EBADMSG;
}

/* Seconds since the boot, rounded down: rather too early than too late. */
static int
get_until(struct mr_state_guest *g, const char *value)
{
	uint32_t until_s;
	int r = text_to_u32(value, 0, UINT32_MAX, &until_s);

	if (r == 0)
		g->known.expires.ms = (int64_t)until_s * 1000;
	return r;
}

static int
get_granted(struct mr_state_guest *g, const char *value)
{
	return text_to_u32(value, 0, UINT32_MAX, &g->known.granted_s);
}

static int
get_home(struct mr_state_guest *g, const char *value)
{
	return text_to_addr(value, &g->conf.home_address);
}

static int
get_prefix(struct mr_state_guest *g, const char *value)
{
	if (g->conf.prefixes == MR_PREFIX_MAX)
		return -EBADMSG;
	return text_to_prefix(value, &g->conf.prefix[g->conf.prefixes++]);
}

static int
get_mac(struct mr_state_guest *g, const char *value)
{
	if (g->conf.macs == MR_MAC_MAX)
		return -EBADMSG;
	return text_to_mac(value, &g->conf.mac[g->conf.macs++]);
}

static int
get_link(struct mr_state_guest *g, const char *value)
{
	return copy(g->conf.link, sizeof(g->conf.link), value);
}

static const struct {
	const char *key;
	int (*get)(struct mr_state_guest *, const char *value);
} keys[] = {
	{ "index", get_index },
	{ "origin", get_origin },
	{ "sequence", get_sequence },
	{ "at", get_at },
	{ "care-of-address", get_careof },
	{ "home-agent", get_home_agent },
	{ "mode", get_mode },
	{ "good-until", get_until },
	{ "granted", get_granted },
	{ "home-address", get_home },
	{ "prefix", get_prefix },
	{ "mac", get_mac },
	{ "interface", get_link },
};

static int
get_key(struct mr_state_guest *g, const char *key, const char *value)
{
	for (size_t i = 0; i < countof(keys); i++) {
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].get(g, value);
	}
	return 0; /* of a later version: not for us */
}

/* guest STATE NAME KEY VALUE ... */
static int
get_guest(struct mr_state_guest *g, int n, const char *const *words)
{
	if (n < 3 || n % 2 == 0)
		return -EBADMSG;
	g->index = MR_INDEX_ANY;
	g->origin = MR_ORIGIN_VISIT;
	if (mr_guest_state_of_name(words[1], &g->state) < 0 ||
	    copy(g->conf.name, sizeof(g->conf.name), words[2]) < 0)
		return -EBADMSG;
	for (int i = 3; i < n; i += 2) {
		if (get_key(g, words[i], words[i + 1]) < 0)
			return -EBADMSG;
	}
	return g->conf.prefixes > 0 && g->conf.link[0] && !ip6_is_any(&g->conf.home_address)
		   ? 0
		   : -EBADMSG;
}

/* was NAME VALUE */
static int
get_was(struct mr_setting *was, int n, const char *const *words)
{
	if (n != 3 || copy(was->name, sizeof(was->name), words[1]) < 0)
		return -EBADMSG;
	return copy(was->value, sizeof(was->value), words[2]);
}

int
mr_state_get(const char *line, size_t n, struct mr_state_line *ret_line)
{
	const char *words[WORDS_MAX];
	char s[LINE_MAX_OCTETS];
	int count;

	memset(ret_line, 0, sizeof(*ret_line));
	if (n >= sizeof(s) || memchr(line, '\0', n))
		return -EBADMSG;
	memcpy(s, line, n);
	s[n] = '\0';
	if (s[strspn(s, " ")] == '#')
		return 0;
	count = cut(s, words);
	if (count < 0)
		return -EBADMSG;
	if (count == 0)
		return 0;
	if (strcmp(words[0], "guest") == 0) {
		ret_line->kind = MR_STATE_GUEST;
		return get_guest(&ret_line->guest, count, words);
	}
	if (strcmp(words[0], "was") == 0) {
		ret_line->kind = MR_STATE_WAS;
		return get_was(&ret_line->was, count, words);
	}
	return -EBADMSG;
}
