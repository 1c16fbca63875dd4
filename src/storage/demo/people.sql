-- The demo's teams, people and keys, and its `admin`'s; they are made once.
with team (name) as (
    values ('Payments'), ('Platform'), ('Mobile'), ('Data'), ('Web'), ('Security')
)
insert into teams (id, name, created_at)
select md5('demo team ' || name)::uuid, name, now() - interval '90 days' from team
on conflict do nothing;

with person (name, team) as (
    values ('Ada Okafor', 'Payments'), ('Bruno Keller', 'Payments'), ('Chiara Rossi', 'Payments'),
        ('Dmitri Volkov', 'Payments'), ('Elif Yıldız', 'Platform'), ('Fatima Haddad', 'Platform'),
        ('Grace Lindqvist', 'Platform'), ('Hiro Tanaka', 'Platform'), ('Ingrid Sørensen', 'Platform'),
        ('João Pereira', 'Mobile'), ('Kavya Iyer', 'Mobile'), ('Liam Byrne', 'Mobile'),
        ('Maya Cohen', 'Data'), ('Noor de Vries', 'Data'), ('Olga Petrenko', 'Data'),
        ('Priya Nair', 'Data'), ('Quentin Dubois', 'Web'), ('Rosa Méndez', 'Web'),
        ('Sam Whitfield', 'Web'), ('Tomás Herrera', 'Web'), ('Uma Krishnan', 'Security'),
        ('Viktor Novák', 'Security'), ('Wen Zhang', 'Security'), ('Yara Mansour', null)
)
insert into users (id, name, team_id, email, created_at)
select md5('demo person ' || person.name)::uuid, person.name, teams.id,
    'person-' || substr(md5(person.name), 1, 6) || '@demo.example', now() - interval '90 days'
from person left join teams on teams.name = person.team
on conflict do nothing;

insert into api_keys (id, name, key_hash, user_id, prefix, created_at, expires_at, revoked_at)
select md5('demo key ' || users.id || kind)::uuid, kind,
    sha256(convert_to(gen_random_uuid()::text, 'UTF8')), users.id,
    'sk-ccag-' || substr(md5(kind || users.id), 1, 8), now() - interval '60 days',
    case when kind = 'CI runner' then now() + interval '30 days' end,
    case when kind = 'Old laptop' then now() - interval '20 days' end
from users, (values ('Laptop', 1), ('CI runner', 3), ('Old laptop', 4)) as kinds (kind, every)
where users.email like 'person-%@demo.example' and ascii(md5(users.name)) % every = 0
on conflict do nothing;
