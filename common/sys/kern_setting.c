/*
 * kern_setting.c - settings of the host, as names and values (see kern.h).
 *
 * A setting that already has its value is not written: /proc/sys may well be
 * read-only in a container whose owner has prepared it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/sys/kern_link.h"

/* One setting's name, taken apart: "sysctl PATH", "link DEV PROPERTY", "address DEV ADDR/LEN". */
struct name {
	char word[3][KERN_SETTING_NAME_MAX];
	int n;
};

static bool
split(const char *name, struct name *ret_name)
{
	char word[3][KERN_SETTING_NAME_MAX], rest[2];
	int n;

	if (strlen(name) >= KERN_SETTING_NAME_MAX)
		return false;
	n = sscanf(name, "%95s %95s %95s %1s", word[0], word[1], word[2], rest);
	if (n < 2 || n > 3)
		return false;
	for (int i = 0; i < n; i++)
		memcpy(ret_name->word[i], word[i], sizeof(word[i]));
	ret_name->n = n;
	return true;
}

/* ---- sysctl ---- */

/* Under /proc/sys, whatever the name says. */
static int
sysctl_open(const char *path, int flags, int *ret_fd)
{
	char full[KERN_SETTING_NAME_MAX + sizeof("/proc/sys/")];

	if (path[0] == '/' || strstr(path, ".."))
		return -EINVAL;
	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	*ret_fd = open(full, flags | O_CLOEXEC | O_NOCTTY);
	return *ret_fd < 0 ? -errno : 0;
}

static int
sysctl_get(struct kern *k, const struct name *name, char value[static KERN_SETTING_VALUE_MAX])
{
	ssize_t n;
	int r, fd;

	(void)k;
	r = sysctl_open(name->word[1], O_RDONLY, &fd);
	if (r < 0)
		return r;
	n = read(fd, value, KERN_SETTING_VALUE_MAX - 1);
	r = n < 0 ? -errno : 0;
	close(fd);
	if (r == 0) {
		value[n] = '\0';
		value[strcspn(value, "\n")] = '\0';
	}
	return r;
}

static int
sysctl_set(struct kern *k, const struct name *name, const char *value)
{
	ssize_t n;
	int r, fd;

	(void)k;
	r = sysctl_open(name->word[1], O_WRONLY, &fd);
	if (r < 0)
		return r;
	n = write(fd, value, strlen(value));
	r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* ---- link ---- */

/* As ip-link(8) spells them, by IN6_ADDR_GEN_MODE_*. */
static const char *const addr_gen_modes[] = { "eui64", "none", "stable_secret", "random" };

static int
link_get(struct kern *k, const struct name *name, char value[static KERN_SETTING_VALUE_MAX])
{
	unsigned index = kern_link_index(k, name->word[1]);
	struct kern_link_info info;
	int r;

	if (index == 0)
		return -ENOENT;
	r = kern_link_get(k, index, &info);
	if (r < 0)
		return r == -ENODEV ? -ENOENT : r;
	if (strcmp(name->word[2], "address") == 0) {
		(void)text_mac(&info.mac, value);
		return 0;
	}
	if (strcmp(name->word[2], "addrgenmode") == 0) {
		if (info.addr_gen_mode < 0 || info.addr_gen_mode >= (int)countof(addr_gen_modes))
			return -ENOENT;
		snprintf(value, KERN_SETTING_VALUE_MAX, "%s", addr_gen_modes[info.addr_gen_mode]);
		return 0;
	}
	return -EINVAL;
}

static int
link_set(struct kern *k, const struct name *name, const char *value)
{
	struct kern_link_change change = KERN_LINK_SAME;
	unsigned index = kern_link_index(k, name->word[1]);
	struct nd_mac mac;

	if (index == 0)
		return -ENOENT;
	if (strcmp(name->word[2], "address") == 0) {
		if (text_to_mac(value, &mac) < 0)
			return -EINVAL;
		change.mac = &mac;
		return kern_link_set(k, index, &change);
	}
	if (strcmp(name->word[2], "addrgenmode") == 0) {
		for (size_t i = 0; i < countof(addr_gen_modes); i++) {
			if (strcmp(value, addr_gen_modes[i]) == 0)
				change.addr_gen_mode = (int)i;
		}
		return change.addr_gen_mode < 0 ? -EINVAL : kern_link_set(k, index, &change);
	}
	return -EINVAL;
}

/* ---- address ---- */

/* An address with the length of its prefix: unlike a prefix it has host bits. */
static int
parse_address(const char *s, struct ip6_prefix *ret_a)
{
	char addr[TEXT_ADDR_MAX];
	const char *slash = strchr(s, '/');
	struct ip6_prefix a = { 0 };
	uint32_t len;

	if (!slash || (size_t)(slash - s) >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	if (text_to_addr(addr, &a.addr) < 0 || text_to_u32(slash + 1, 0, 128, &len) < 0)
		return -EINVAL;
	a.len = (uint8_t)len;
	*ret_a = a;
	return 0;
}

struct search {
	struct ip6_prefix wanted;
	bool found;
};

static void
compare(void *ctx, const struct kern_link_addr *a)
{
	struct search *s = ctx;

	if (a->len == s->wanted.len && ip6_equal(&a->addr, &s->wanted.addr))
		s->found = true;
}

static int
address_get(struct kern *k, const struct name *name, char value[static KERN_SETTING_VALUE_MAX])
{
	unsigned index = kern_link_index(k, name->word[1]);
	struct search s = { 0 };
	int r;

	if (index == 0)
		return -ENOENT;
	r = parse_address(name->word[2], &s.wanted);
	if (r == 0)
		r = kern_link_each_address(k, index, compare, &s);
	if (r == 0)
		snprintf(value, KERN_SETTING_VALUE_MAX, "%s", s.found ? "present" : "absent");
	return r;
}

static int
address_set(struct kern *k, const struct name *name, const char *value)
{
	unsigned index = kern_link_index(k, name->word[1]);
	bool present = strcmp(value, "present") == 0;
	struct ip6_prefix a;
	int r;

	if (!present && strcmp(value, "absent") != 0)
		return -EINVAL;
	r = parse_address(name->word[2], &a);
	if (r < 0)
		return r;
	if (index == 0)
		return present ? -ENOENT : 0;
	return kern_link_address(k, index, &a.addr, a.len, present);
}

/* ---- kern.h ---- */

static const struct setting_kind {
	const char *word;
	int words;
	int (*get)(
	    struct kern *k, const struct name *name, char value[static KERN_SETTING_VALUE_MAX]);
	int (*set)(struct kern *k, const struct name *name, const char *value);
} kinds[] = {
	{ "sysctl", 2, sysctl_get, sysctl_set },
	{ "link", 3, link_get, link_set },
	{ "address", 3, address_get, address_set },
};

static const struct setting_kind *
kind_of(const char *text, struct name *ret_name)
{
	if (!split(text, ret_name))
		return NULL;
	for (size_t i = 0; i < countof(kinds); i++) {
		if (strcmp(kinds[i].word, ret_name->word[0]) == 0 && kinds[i].words == ret_name->n)
			return &kinds[i];
	}
	return NULL;
}

int
kern_setting_get(struct kern *k, const char *name, char value[static KERN_SETTING_VALUE_MAX])
{
	struct name n;
	const struct setting_kind *kind = kind_of(name, &n);

	return kind ? kind->get(k, &n, value) : -EINVAL;
}

int
kern_setting_set(struct kern *k, const char *name, const char *value)
{
	char now[KERN_SETTING_VALUE_MAX];
	struct name n;
	const struct setting_kind *kind = kind_of(name, &n);

	if (!kind)
		return -EINVAL;
	if (kind->get(k, &n, now) == 0 && strcmp(now, value) == 0)
		return 0;
	return kind->set(k, &n, value);
}

struct linklocals {
	const char *dev;
	char (*names)[KERN_SETTING_NAME_MAX];
	size_t n, max;
};

static void
add_linklocal(void *ctx, const struct kern_link_addr *a)
{
	struct linklocals *l = ctx;
	char addr[TEXT_ADDR_MAX];

	if (a->scope != RT_SCOPE_LINK || l->n == l->max)
		return;
	snprintf(l->names[l->n++], KERN_SETTING_NAME_MAX, "address %s %s/%u", l->dev,
	    text_addr(&a->addr, addr), a->len);
}

int
kern_linklocals(
    struct kern *k, const char *dev, char (*ret_names)[KERN_SETTING_NAME_MAX], size_t max)
{
	struct linklocals l = { .dev = dev, .names = ret_names, .max = max };
	unsigned index = kern_link_index(k, dev);
	int r;

	if (index == 0)
		return -ENODEV;
	r = kern_link_each_address(k, index, add_linklocal, &l);
	return r < 0 ? r : (int)l.n;
}
