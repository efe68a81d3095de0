/* conf_value.c - one value of a configuration row to and from text; see conf.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "common/base/conf.h"
#include "common/base/text.h"

/* The octets of one value of each type; of a string: one character. */
static const size_t sizes[] = {
	[CONF_BOOL] = sizeof(bool),
	[CONF_U32] = sizeof(uint32_t),
	[CONF_MS] = sizeof(int64_t),
	[CONF_CHOICE] = sizeof(int),
	[CONF_STRING] = sizeof(char),
	[CONF_ADDR] = sizeof(struct in6_addr),
	[CONF_MAC] = sizeof(struct nd_mac),
	[CONF_ADDRS] = sizeof(struct in6_addr),
	[CONF_PREFIXES] = sizeof(struct ip6_prefix),
	[CONF_MACS] = sizeof(struct nd_mac),
};

bool
conf_is_list(const struct conf_key *key)
{
	return key->type == CONF_ADDRS || key->type == CONF_PREFIXES || key->type == CONF_MACS;
}

static void *
value_of(const struct conf_key *key, void *section)
{
	return (char *)section + key->offset;
}

static uint8_t *
count_of(const struct conf_key *key, void *section)
{
	return (uint8_t *)section + key->count;
}

struct reason {
	char *p;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static int
refuse(const struct reason *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (why->len > 0)
		vsnprintf(why->p, why->len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
set_bool(bool *to, const char *s, const struct reason *why)
{
	if (strcmp(s, "yes") != 0 && strcmp(s, "no") != 0)
		return refuse(why, "%s: must be yes or no", s);
	*to = *s == 'y';
	return 0;
}

static int
set_u32(const struct conf_key *key, uint32_t *to, const char *s, const struct reason *why)
{
	uint32_t max = key->max > 0 && key->max < UINT32_MAX ? (uint32_t)key->max : UINT32_MAX;
	int r = text_to_u32(s, (uint32_t)key->min, max, to);

	if (r == -ERANGE)
		return refuse(why, "%s: must be %" PRId64 " to %" PRIu32, s, key->min, max);
	if (r < 0)
		return refuse(why, "%s: not a whole number", s);
	return 0;
}

static int
set_ms(const struct conf_key *key, int64_t *to, const char *s, const struct reason *why)
{
	int64_t max = key->max > 0 ? key->max : INT64_MAX;
	char least[32], most[32];
	int64_t ms;
	int r = text_to_ms(s, &ms);

	if (r == -EINVAL)
		return refuse(why, "%s: not a duration: a number and ms, s, m, h or d", s);
	if (r == -ERANGE || ms < key->min || ms > max)
		return refuse(
		    why, "%s: must be %s to %s", s, text_ms(key->min, least), text_ms(max, most));
	*to = ms;
	return 0;
}

static int
set_choice(const struct conf_key *key, int *to, const char *s, const struct reason *why)
{
	char words[128] = "";

	for (int i = 0; key->choices[i]; i++) {
		if (strcmp(s, key->choices[i]) == 0) {
			*to = i;
			return 0;
		}
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
		    i > 0 ? ", " : "", key->choices[i]);
	}
	return refuse(why, "%s: must be one of %s", s, words);
}

static int
set_string(const struct conf_key *key, char *to, const char *s, const struct reason *why)
{
	size_t len = strlen(s);

	if ((int64_t)len > key->max || (int64_t)len < key->min)
		return refuse(why, "%s: must have %" PRId64 " to %" PRId64 " characters", s,
		    key->min, key->max);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return refuse(why, "has a control character in it");
	memcpy(to, s, len + 1);
	return 0;
}

static int
set_addr(struct in6_addr *to, const char *s, const struct reason *why)
{
	if (text_to_addr(s, to) < 0)
		return refuse(why, "%s: not an IPv6 address", s);
	return 0;
}

static int
set_mac(struct nd_mac *to, const char *s, const struct reason *why)
{
	if (text_to_mac(s, to) < 0)
		return refuse(why, "%s: not a MAC address", s);
	return 0;
}

static int
set_prefix(struct ip6_prefix *to, const char *s, const struct reason *why)
{
	char meant[TEXT_PREFIX_MAX];
	struct ip6_prefix p;
	int r = text_to_prefix(s, &p);

	if (r == -ERANGE)
		return refuse(why, "%s: host bits set, %s is meant?", s, text_prefix(&p, meant));
	if (r < 0)
		return refuse(why, "%s: not an IPv6 prefix, ADDRESS/LENGTH", s);
	*to = p;
	return 0;
}

static int
set_one(const struct conf_key *key, void *to, const char *s, const struct reason *why)
{
	switch (key->type) {
	case CONF_BOOL:
		return set_bool(to, s, why);
	case CONF_U32:
		return set_u32(key, to, s, why);
	case CONF_MS:
		return set_ms(key, to, s, why);
	case CONF_CHOICE:
		return set_choice(key, to, s, why);
	case CONF_STRING:
		return set_string(key, to, s, why);
	case CONF_ADDR:
	case CONF_ADDRS:
		return set_addr(to, s, why);
	case CONF_MAC:
	case CONF_MACS:
		return set_mac(to, s, why);
	case CONF_PREFIXES:
		return set_prefix(to, s, why);
	}
	return -EINVAL;
}

int
conf_set(const struct conf_key *key, void *section, const char *value, char *why, size_t why_len)
{
	const struct reason reason = { .p = why, .len = why_len };
	char *to = value_of(key, section);
	uint8_t *n;
	int r;

	if (!conf_is_list(key))
		return set_one(key, to, value, &reason);
	n = count_of(key, section);
	if (*n >= key->max)
		return refuse(&reason, "%s: at most %" PRId64 " of them", value, key->max);
	r = set_one(key, to + *n * sizes[key->type], value, &reason);
	if (r == 0)
		(*n)++;
	return r;
}

void
conf_reset(const struct conf_key *key, void *section)
{
	size_t n = 1;

	if (conf_is_list(key)) {
		n = (size_t)key->max;
		*count_of(key, section) = 0;
	} else if (key->type == CONF_STRING) {
		n = (size_t)key->max + 1;
	}
	memset(value_of(key, section), 0, n * sizes[key->type]);
}

/* Values of a list are written behind one another, with commas. */
static void
set_default(const struct conf_key *key, void *section)
{
	char text[256], *rest = text;

	if (!conf_is_list(key)) {
		(void)conf_set(key, section, key->def, NULL, 0);
		return;
	}
	snprintf(text, sizeof(text), "%s", key->def);
	for (char *word; (word = strtok_r(rest, "{}, ", &rest));)
		(void)conf_set(key, section, word, NULL, 0);
}

void
conf_defaults(const struct conf_key *keys, size_t n, void *section)
{
	for (size_t i = 0; i < n; i++) {
		conf_reset(&keys[i], section);
		if (keys[i].def)
			set_default(&keys[i], section); /* a test checks that all parse */
	}
}

const struct conf_key *
conf_find(const struct conf_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

const char *
conf_text(const struct conf_key *key, const void *section, size_t i, char *buf, size_t buf_len)
{
	const char *at = (const char *)section + key->offset + i * sizes[key->type];
	char text[TEXT_PREFIX_MAX];
	size_t n = conf_is_list(key) ? *((const uint8_t *)section + key->count) : 1;

	if (i >= n)
		return NULL;
	switch (key->type) {
	case CONF_BOOL:
		snprintf(buf, buf_len, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case CONF_U32:
		snprintf(buf, buf_len, "%" PRIu32, *(const uint32_t *)(const void *)at);
		break;
	case CONF_MS:
		snprintf(buf, buf_len, "%s", text_ms(*(const int64_t *)(const void *)at, text));
		break;
	case CONF_CHOICE:
		snprintf(buf, buf_len, "%s", key->choices[*(const int *)(const void *)at]);
		break;
	case CONF_STRING:
		snprintf(buf, buf_len, "%s", at);
		break;
	case CONF_ADDR:
	case CONF_ADDRS:
		snprintf(buf, buf_len, "%s", text_addr((const void *)at, text));
		break;
	case CONF_MAC:
	case CONF_MACS:
		snprintf(buf, buf_len, "%s", text_mac((const void *)at, text));
		break;
	case CONF_PREFIXES:
		snprintf(buf, buf_len, "%s", text_prefix((const void *)at, text));
		break;
	}
	return buf;
}

bool
conf_is_given(const struct conf_key *key, const void *section)
{
	const char *at = (const char *)section + key->offset;
	const struct in6_addr none = { 0 };

	switch (key->type) {
	case CONF_BOOL:
	case CONF_CHOICE:
		return true;
	case CONF_U32:
		return *(const uint32_t *)(const void *)at >= key->min;
	case CONF_MS:
		return *(const int64_t *)(const void *)at >= key->min;
	case CONF_STRING:
		return (int64_t)strlen(at) >= key->min;
	case CONF_ADDR:
	case CONF_MAC:
		return memcmp(at, &none, sizes[key->type]) != 0;
	case CONF_ADDRS:
	case CONF_PREFIXES:
	case CONF_MACS:
		return *((const uint8_t *)section + key->count) > 0;
	}
	return false;
}
