/* kobj_test.c - keys, content and text of kernel objects. */
#include "common/base/kobj.h"

#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"

static struct in6_addr
addr(const char *s)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	assert_int_equal(text_to_addr(s, &a), 0);
	return a;
}

static struct ip6_prefix
prefix(const char *s)
{
	struct ip6_prefix p = { .len = 0 };

	assert_int_equal(text_to_prefix(s, &p), 0);
	return p;
}

static struct plan
one_of_each(void)
{
	const struct kobj_tunnel t = { addr("2001:db8:1::1"), addr("2001:db8:2::10") };
	const struct nd_mac mac = { { 2, 0, 0, 0, 0, 0xa } };
	const struct in6_addr home = addr("2001:db8:200:1::1");
	struct plan p = { 0 };

	plan_tunnel(&p, &t);
	plan_address(&p, "lo", &home, true);
	plan_neighbour(&p, "brvm", &home, &mac);
	plan_proxy(&p, "brvm", &home);
	plan_pass(&p, &(struct kobj_pass){ t, KOBJ_SOURCE, prefix("2001:db8:200:1::/64"), false });
	plan_route(&p, &(struct kobj_route){ .table = KOBJ_TABLE_MAIN,
			   .dst = prefix("2001:db8:200:1::/64"),
			   .metric = 512,
			   .dev = kobj_tunnel_dev(&t) });
	plan_rule(&p, &(struct kobj_rule){ .priority = 5202,
			  .from = prefix("2001:db8:200:1::/64"),
			  .iif = kobj_link("brvm"),
			  .table = 5210 });
	return p;
}

static const char *const texts[] = {
	"tunnel local 2001:db8:1::1 remote 2001:db8:2::10",
	"address 2001:db8:200:1::1/128 dev lo home",
	"neighbour 2001:db8:200:1::1 dev brvm lladdr 02:00:00:00:00:0a",
	"proxy 2001:db8:200:1::1 dev brvm",
	"pass source 2001:db8:200:1::/64 iif tunnel(2001:db8:2::10)",
	"route 2001:db8:200:1::/64 dev tunnel(2001:db8:2::10) table 254 metric 512",
	"rule priority 5202 from 2001:db8:200:1::/64 iif brvm lookup 5210",
};

static void
each_kind_reads_like_ip_8(void **state)
{
	struct plan p = one_of_each();
	char text[KOBJ_TEXT_MAX];

	(void)state;
	assert_int_equal(p.n, countof(texts));
	for (size_t i = 0; i < p.n; i++)
		assert_string_equal(kobj_text(&p.v[i], text), texts[i]);
	plan_done(&p);
}

static void
routes_without_a_device_and_defaults_have_words(void **state)
{
	struct plan p = { 0 };
	char text[KOBJ_TEXT_MAX];

	(void)state;
	plan_route(
	    &p, &(struct kobj_route){ .table = 5200, .metric = 4096, .type = KOBJ_UNREACHABLE });
	plan_route(&p, &(struct kobj_route){ .table = 5210,
			   .metric = 1024,
			   .type = KOBJ_BLACKHOLE,
			   .dst = prefix("2001:db8::/32") });
	plan_route(&p, &(struct kobj_route){ .table = 5201,
			   .metric = 1024,
			   .dst = prefix("2001:db8::1/128"),
			   .via = addr("fe80::2"),
			   .dev = kobj_link("brvm"),
			   .mtu = 1280 });
	plan_rule(&p, &(struct kobj_rule){ .priority = 5203, .table = 5201 });
	assert_string_equal(
	    kobj_text(&p.v[0], text), "route unreachable default table 5200 metric 4096");
	assert_string_equal(
	    kobj_text(&p.v[1], text), "route blackhole 2001:db8::/32 table 5210 metric 1024");
	assert_string_equal(kobj_text(&p.v[2], text),
	    "route 2001:db8::1/128 via fe80::2 dev brvm table 5201 metric 1024 mtu 1280");
	assert_string_equal(kobj_text(&p.v[3], text), "rule priority 5203 lookup 5201");
	plan_done(&p);
}

static void
the_longest_text_fits(void **state)
{
	struct plan p = { 0 };
	char text[KOBJ_TEXT_MAX];
	struct in6_addr a;
	struct kobj_tunnel t;
	struct ip6_prefix whole = { .len = 128 };

	(void)state;
	memset(&a, 0xee, sizeof(a));
	whole.addr = a;
	t = (struct kobj_tunnel){ a, a };
	plan_route(&p, &(struct kobj_route){ .table = UINT32_MAX,
			   .dst = whole,
			   .metric = UINT32_MAX,
			   .via = a,
			   .dev = kobj_tunnel_dev(&t),
			   .mtu = UINT32_MAX });
	plan_rule(&p, &(struct kobj_rule){ .priority = UINT32_MAX,
			  .from = whole,
			  .iif = kobj_tunnel_dev(&t),
			  .table = UINT32_MAX });
	for (size_t i = 0; i < p.n; i++) {
		kobj_text(&p.v[i], text);
		assert_true(strlen(text) < KOBJ_TEXT_MAX - 1);
		assert_non_null(strstr(text, "4294967295"));
		assert_string_equal(text + strlen(text) - 10, "4294967295");
	}
	plan_done(&p);
}

static void
content_is_not_part_of_the_key(void **state)
{
	struct plan p = one_of_each();
	struct kobj o;

	(void)state;
	for (size_t i = 0; i < p.n; i++)
		for (size_t k = 0; k < p.n; k++)
			assert_int_equal(kobj_same_key(&p.v[i], &p.v[k]), i == k);

	o = p.v[1];
	o.address.home = false;
	assert_true(kobj_same_key(&o, &p.v[1]));
	assert_false(kobj_equal(&o, &p.v[1]));
	o = p.v[2];
	o.neighbour.mac.b[5]++;
	assert_true(kobj_same_key(&o, &p.v[2]));
	assert_false(kobj_equal(&o, &p.v[2]));
	o = p.v[4];
	o.pass.late = true;
	assert_true(kobj_same_key(&o, &p.v[4]));
	assert_false(kobj_equal(&o, &p.v[4]));
	o = p.v[4];
	o.pass.side = KOBJ_DESTINATION;
	assert_false(kobj_same_key(&o, &p.v[4]));
	o = p.v[5];
	o.route.dev.tunnel.remote.s6_addr[15]++;
	assert_true(kobj_same_key(&o, &p.v[5]));
	assert_false(kobj_equal(&o, &p.v[5]));
	o = p.v[5];
	o.route.mtu = 1400;
	assert_false(kobj_equal(&o, &p.v[5]));
	o = p.v[5];
	o.route.via.s6_addr[0] = 0xfe;
	assert_false(kobj_equal(&o, &p.v[5]));
	o = p.v[5];
	o.route.type = KOBJ_BLACKHOLE;
	assert_true(kobj_same_key(&o, &p.v[5]));
	assert_false(kobj_equal(&o, &p.v[5]));
	o = p.v[5];
	o.route.metric++;
	assert_false(kobj_same_key(&o, &p.v[5]));
	o = p.v[6];
	o.rule.table++;
	assert_true(kobj_same_key(&o, &p.v[6]));
	assert_false(kobj_equal(&o, &p.v[6]));
	o = p.v[6];
	o.rule.iif = kobj_link("brvm2");
	assert_false(kobj_same_key(&o, &p.v[6]));
	plan_done(&p);
}

static void
octets_that_mean_nothing_do_not_count(void **state)
{
	struct kobj a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	a.kind = b.kind = KOBJ_ROUTE;
	a.route.table = b.route.table = 5200;
	memset(&b.route.dst.addr, 0, sizeof(b.route.dst.addr));
	a.route.dst.len = b.route.dst.len = 0;
	a.route.metric = b.route.metric = 4096;
	a.route.type = b.route.type = KOBJ_UNREACHABLE;
	a.route.dev.kind = b.route.dev.kind = KOBJ_DEV_NONE;
	memset(&b.route.via, 0, sizeof(b.route.via));
	b.route.mtu = 0;
	assert_true(kobj_equal(&a, &b));
}

static void
a_long_device_name_is_cut_and_ends_in_nul(void **state)
{
	struct kobj_dev dev = kobj_link("abcdefghijklmnopqrstuvwxyz");

	(void)state;
	assert_string_equal(dev.link, "abcdefghijklmno");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_reads_like_ip_8),
		cmocka_unit_test(routes_without_a_device_and_defaults_have_words),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(content_is_not_part_of_the_key),
		cmocka_unit_test(octets_that_mean_nothing_do_not_count),
		cmocka_unit_test(a_long_device_name_is_cut_and_ends_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
