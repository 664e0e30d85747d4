-- Percentiles of the duration, in microseconds, of the requests that were answered, by route.
select
  service,
  coalesce(method, '') as method,
  coalesce(route, '') as route,
  count(*) as requests,
  percentile_disc(0.5) within group (order by duration_micros) as p50,
  percentile_disc(0.9) within group (order by duration_micros) as p90,
  percentile_disc(0.99) within group (order by duration_micros) as p99
from hops
where duration_micros is not null
group by service, coalesce(method, ''), coalesce(route, '')
order by service, method, route
