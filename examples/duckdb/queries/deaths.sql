-- The services that requests die in, by hour: a process ended with the request, and the caller at the entry did not get an answer that is good.
with
-- A request begins with a hop that no call leads to.
failed as (
  select trace_id
  from hops
  where (state = 'interrupted' or status >= 500)
    and not exists (select 1 from edges where edges.hop_id = hops.hop_id)
),
dead as (
  -- The process ended while the hop was open.
  select hour, service, trace_id, hop_id
  from hops
  where state = 'interrupted' and coalesce(crash, '') <> 'the tracer was closed before the hop ended'
  union all
  -- The process ended before it had written anything: only its caller saw it.
  select hour, coalesce(callee, target) as service, trace_id, hop_id
  from edges
  where outcome = 'ECONNRESET' and not exists (select 1 from hops where hops.hop_id = edges.hop_id)
)
select hour, service, count(distinct trace_id) as requests
from dead
where trace_id in (select trace_id from failed)
  -- The deepest one: a caller that was killed as well is not the cause.
  and not exists (
    select 1
    from edges
    join dead as deeper on deeper.hop_id = edges.hop_id
    where edges.caller_id = dead.hop_id
  )
group by hour, service
order by hour, service
