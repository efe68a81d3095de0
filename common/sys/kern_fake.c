/* kern_fake.c - see kern_fake.h */
#include "common/sys/kern_fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define MTU 1460

struct setting {
	char name[KERN_SETTING_NAME_MAX], value[KERN_SETTING_VALUE_MAX];
};

struct on_dev {
	char dev[KOBJ_DEV_MAX];
	struct kern_address a;
};

struct kern {
	struct kern_opts opts;
	char (*lines)[KERN_FAKE_LINE_MAX];
	size_t lines_n;
	struct plan objects;
	struct setting *settings;
	size_t settings_n;
	struct on_dev *addresses;
	size_t addresses_n;
	bool fails;
	size_t fails_in;
	int error;
};

/* Room for one more at the end of an array; NULL: no memory, and *v as it was. */
static void *
append(void *v, size_t n, size_t size)
{
	void **array = v;
	void *grown = reallocarray(*array, n + 1, size);

	if (!grown)
		return NULL;
	*array = grown;
	memset((char *)grown + n * size, 0, size);
	return (char *)grown + n * size;
}

/* Write a line; returns the error that the call is to end with. */
__attribute__((format(printf, 2, 3))) static int
line(struct kern *k, const char *fmt, ...)
{
	char *out = append(&k->lines, k->lines_n, sizeof(*k->lines));
	size_t used;
	va_list ap;

	if (!out)
		return -ENOMEM;
	k->lines_n++;
	va_start(ap, fmt);
	vsnprintf(out, KERN_FAKE_LINE_MAX, fmt, ap);
	va_end(ap);
	if (!k->fails || k->fails_in-- > 0)
		return 0;
	k->fails = false;
	used = strlen(out);
	snprintf(out + used, KERN_FAKE_LINE_MAX - used, " = %s", strerror(-k->error));
	return k->error;
}

/* ---- kern_fake.h ---- */

size_t
kern_fake_lines(const struct kern *k)
{
	return k->lines_n;
}

const char *
kern_fake_line(const struct kern *k, size_t i)
{
	return i < k->lines_n ? k->lines[i] : NULL;
}

void
kern_fake_forget(struct kern *k)
{
	k->lines_n = 0;
}

void
kern_fake_fail(struct kern *k, size_t n, int error)
{
	k->fails = true;
	k->fails_in = n;
	k->error = error;
}

void
kern_fake_emit(struct kern *k, const struct kern_event *e)
{
	k->opts.event(k->opts.ctx, e);
}

int
kern_fake_address(struct kern *k, const char *dev, const struct kern_address *a)
{
	struct on_dev *out;

	if (!dev) {
		k->addresses_n = 0;
		return 0;
	}
	out = append(&k->addresses, k->addresses_n, sizeof(*out));
	if (!out)
		return -ENOMEM;
	k->addresses_n++;
	snprintf(out->dev, sizeof(out->dev), "%s", dev);
	out->a = *a;
	return 0;
}

static struct setting *
find_setting(struct kern *k, const char *name)
{
	for (size_t i = 0; i < k->settings_n; i++) {
		if (strcmp(k->settings[i].name, name) == 0)
			return &k->settings[i];
	}
	return NULL;
}

int
kern_fake_setting(struct kern *k, const char *name, const char *value)
{
	struct setting *s = find_setting(k, name);

	if (!s) {
		s = append(&k->settings, k->settings_n, sizeof(*s));
		if (!s)
			return -ENOMEM;
		k->settings_n++;
		snprintf(s->name, sizeof(s->name), "%s", name);
	}
	snprintf(s->value, sizeof(s->value), "%s", value);
	return 0;
}

static void
remove_object(struct kern *k, const struct kobj *o)
{
	for (size_t i = 0; i < k->objects.n; i++) {
		if (!kobj_same_key(&k->objects.v[i], o))
			continue;
		k->objects.v[i] = k->objects.v[--k->objects.n];
		return;
	}
}

int
kern_fake_object(struct kern *k, const struct kobj *o)
{
	remove_object(k, o);
	plan_add(&k->objects, o);
	return k->objects.bad ? -ENOMEM : 0;
}

/* ---- kern.h ---- */

int
kern_open(struct kern **ret_kern, struct ev_loop *loop, const struct kern_opts *opts)
{
	struct kern *k = calloc(1, sizeof(*k));

	(void)loop;
	if (!k)
		return -ENOMEM;
	k->opts = *opts;
	*ret_kern = k;
	return 0;
}

void
kern_close(struct kern *k)
{
	if (!k)
		return;
	plan_done(&k->objects);
	free(k->lines);
	free(k->settings);
	free(k->addresses);
	free(k);
}

const char *
kern_datapath_name(const struct kern *k)
{
	(void)k;
	return "fake";
}

static bool
has_tunnel(const struct kern *k, const struct kobj_tunnel *t)
{
	const struct kobj *o;

	for (size_t i = 0; i < k->objects.n; i++) {
		o = &k->objects.v[i];
		if (o->kind == KOBJ_TUNNEL && memcmp(&o->tunnel, t, sizeof(*t)) == 0)
			return true;
	}
	return false;
}

/* A pass, route or rule over a tunnel that was not set. */
static bool
lacks_tunnel(const struct kern *k, const struct kobj *o)
{
	const struct kobj_dev *dev;

	if (o->kind == KOBJ_PASS)
		return !has_tunnel(k, &o->pass.tunnel);
	if (o->kind != KOBJ_ROUTE && o->kind != KOBJ_RULE)
		return false;
	dev = o->kind == KOBJ_ROUTE ? &o->route.dev : &o->rule.iif;
	return dev->kind == KOBJ_DEV_TUNNEL && !has_tunnel(k, &dev->tunnel);
}

int
kern_set(void *kern, const struct kobj *o)
{
	struct kern *k = kern;
	char text[KOBJ_TEXT_MAX];
	int r = line(k, "set %s", kobj_text(o, text));

	if (r == 0 && lacks_tunnel(k, o))
		return -ENODEV;
	return r < 0 ? r : kern_fake_object(k, o);
}

int
kern_clear(void *kern, const struct kobj *o)
{
	struct kern *k = kern;
	char text[KOBJ_TEXT_MAX];
	int r = line(k, "clear %s", kobj_text(o, text));

	if (r == 0)
		remove_object(k, o);
	return r;
}

int
kern_dump(struct kern *k, struct plan *ret_found)
{
	for (size_t i = 0; i < k->objects.n; i++)
		plan_add(ret_found, &k->objects.v[i]);
	return ret_found->bad ? -ENOMEM : 0;
}

int
kern_tunnel_info(
    const struct kern *k, const struct kobj_tunnel *t, struct kern_tunnel_info *ret_info)
{
	if (!has_tunnel(k, t))
		return -ENODEV;
	*ret_info = (struct kern_tunnel_info){ .dev = "hp0", .mtu = MTU };
	return 0;
}

int
kern_listen(struct kern *k, const struct in6_addr *addr, bool on)
{
	char text[TEXT_ADDR_MAX];

	return line(k, "listen %s %s", text_addr(addr, text), on ? "on" : "off");
}

int
kern_mh_send(struct kern *k, const struct ip6_mh_out *out)
{
	char src[TEXT_ADDR_MAX], dst[TEXT_ADDR_MAX], home[TEXT_ADDR_MAX];

	return line(k, "mh type=%u src=%s dst=%s %s=%s octets=%zu",
	    out->mh_len > 2 ? out->mh[2] : 0, text_addr(&out->src, src), text_addr(&out->dst, dst),
	    out->with_hao   ? "hao"
	    : out->with_rh2 ? "rh2"
			    : "home",
	    out->with_hao || out->with_rh2 ? text_addr(&out->home, home) : "-", out->mh_len);
}

int
kern_icmp6_send(struct kern *k, const struct ip6_icmp6_out *out)
{
	char from[TEXT_ADDR_MAX], to[TEXT_ADDR_MAX];
	size_t n = out->icmp6_len;

	return line(k, "icmp6 type=%u code=%u src=%s dst=%s octets=%zu", n > 1 ? out->icmp6[0] : 0,
	    n > 1 ? out->icmp6[1] : 0, text_addr(&out->src, from), text_addr(&out->dst, to), n);
}

int
kern_anycast(struct kern *k, const struct in6_addr *addr, const char *dev, bool on)
{
	char text[TEXT_ADDR_MAX];

	return line(
	    k, "anycast %s dev %s %s", text_addr(addr, text), dev ? dev : "any", on ? "on" : "off");
}

int
kern_frame_listen(struct kern *k, const char *dev, unsigned what)
{
	return line(k, "frames %s %#x", dev, what);
}

/* One that can be told from others by its link's name. */
int
kern_frame_mac(struct kern *k, const char *dev, struct nd_mac *ret_mac)
{
	(void)k;
	memset(ret_mac, 0, sizeof(*ret_mac));
	ret_mac->b[0] = 2;
	memcpy(ret_mac->b + 1, dev, strnlen(dev, sizeof(ret_mac->b) - 1));
	return 0;
}

int
kern_frame_send(struct kern *k, const char *dev, const uint8_t *frame, size_t n)
{
	struct nd_mac to = { { 0 } };
	char text[TEXT_MAC_MAX];

	if (n >= sizeof(to))
		memcpy(&to, frame, sizeof(to));
	return line(k, "frame dev=%s to=%s octets=%zu", dev, text_mac(&to, text), n);
}

int
kern_keep(struct kern *k, const char *dev, bool on)
{
	return line(k, "keep %s %s", dev, on ? "on" : "off");
}

int
kern_keep_send(struct kern *k, const char *dev, const struct nd_mac *macs, unsigned n,
    int64_t since_us, const struct kobj_tunnel *t)
{
	char to[TEXT_ADDR_MAX];

	(void)macs;
	return line(k, "keep-send dev=%s macs=%u since_us=%lld to=%s", dev, n, (long long)since_us,
	    text_addr(&t->remote, to));
}

int
kern_addresses(struct kern *k, const char *dev, struct kern_address *ret_v, size_t max)
{
	int n = 0;

	for (size_t i = 0; i < k->addresses_n && (size_t)n < max; i++) {
		if (strcmp(k->addresses[i].dev, dev) == 0)
			ret_v[n++] = k->addresses[i].a;
	}
	return n;
}

int
kern_linklocal(struct kern *k, const char *dev, struct in6_addr *ret_addr)
{
	struct nd_mac mac;

	(void)kern_frame_mac(k, dev, &mac);
	*ret_addr = nd_linklocal(&mac);
	return 0;
}

bool
kern_is_own(struct kern *k, const struct in6_addr *addr)
{
	for (size_t i = 0; i < k->addresses_n; i++) {
		if (ip6_equal(&k->addresses[i].a.addr, addr))
			return true;
	}
	return false;
}

void
kern_counters(const struct kern *k, void (*fn)(void *ctx, const char *name, uint64_t n), void *ctx)
{
	fn(ctx, "fake-lines", k->lines_n);
}

int
kern_setting_get(struct kern *k, const char *name, char value[static KERN_SETTING_VALUE_MAX])
{
	const struct setting *s = find_setting(k, name);

	if (!s)
		return -ENOENT;
	memcpy(value, s->value, sizeof(s->value));
	return 0;
}

int
kern_setting_set(struct kern *k, const char *name, const char *value)
{
	int r = line(k, "setting %s = %s", name, value);

	if (r == 0 && !find_setting(k, name))
		return -ENOENT;
	return r < 0 ? r : kern_fake_setting(k, name, value);
}

int
kern_linklocals(
    struct kern *k, const char *dev, char (*ret_names)[KERN_SETTING_NAME_MAX], size_t max)
{
	char begin[KERN_SETTING_NAME_MAX];
	int n = 0;

	snprintf(begin, sizeof(begin), "address %s fe80:", dev);
	for (size_t i = 0; i < k->settings_n && (size_t)n < max; i++) {
		if (strncmp(k->settings[i].name, begin, strlen(begin)) == 0 &&
		    strcmp(k->settings[i].value, "present") == 0)
			memcpy(ret_names[n++], k->settings[i].name, KERN_SETTING_NAME_MAX);
	}
	return n;
}
