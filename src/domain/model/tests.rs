use super::*;

fn profile(requested: &str, geography: Geography) -> String {
    resolve(requested, geography).unwrap().profile
}

#[test]
fn every_name_of_every_model_resolves_to_it_alone() {
    for model in all() {
        for name in model.aliases.iter().chain([&model.id, &model.base]) {
            let named: Vec<_> = all().iter().filter(|other| other.is(name)).collect();
            assert_eq!(named, [model], "{name}");
        }
        for &geography in model.geographies {
            let id = format!("{geography}.{}", model.base);
            let resolved = resolve(model.id, geography).unwrap();
            assert_eq!((resolved.profile, resolved.model), (id.clone(), Some(model)));
            assert_eq!(profile(&id, Geography::Eu), id, "a profile id stays");
        }
    }
}

#[test]
fn the_family_names_stand_for_the_newest() {
    for (name, id) in [
        ("opus", "claude-opus-5-5"),
        ("sonnet", "claude-sonnet-5-5"),
        ("haiku", "claude-haiku-5-5"),
        ("fable", "claude-fable-5-2"),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
    ] {
        assert_eq!(find(name).unwrap().id, id);
    }
}

#[test]
fn the_suffix_of_the_long_context_is_cut_off() {
    for name in ["claude-sonnet-4-5[1m]", "sonnet[1M]", "us.anthropic.claude-opus-5-5[1m]"] {
        let resolved = resolve(name, Geography::Us).unwrap();
        assert!(resolved.long_context && !resolved.profile.contains('['), "{name}");
    }
    assert!(!resolve("opus", Geography::Us).unwrap().long_context);
}

#[test]
fn a_geography_without_profile_gives_way_to_a_wider_one_of_its_partition() {
    let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    assert_eq!(profile("claude-haiku-4-5", Geography::Jp), format!("jp.{haiku}"));
    assert_eq!(profile("claude-opus-4-6", Geography::Jp), "global.anthropic.claude-opus-4-6-v1");
    assert_eq!(profile("claude-fable-5", Geography::Jp), "apac.anthropic.claude-fable-5");
    assert_eq!(
        resolve("claude-opus-4-1", Geography::Global).unwrap_err().to_string(),
        "model: claude-opus-4-1 has no inference profile in geography global; Bedrock has \
         us.anthropic.claude-opus-4-1-20250805-v1:0, eu.anthropic.claude-opus-4-1-20250805-v1:0"
    );
    assert!(resolve("fable", Geography::UsGov).is_err());
}

#[test]
fn arns_stay_as_they_are_and_tell_their_model_where_they_can() {
    let system =
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-opus-5-5";
    let opaque =
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456";
    let resolved = resolve(system, Geography::Eu).unwrap();
    assert_eq!(
        (resolved.profile.as_str(), resolved.model.unwrap().id),
        (system, "claude-opus-5-5")
    );
    let resolved = resolve(opaque, Geography::Eu).unwrap();
    assert_eq!((resolved.profile.as_str(), resolved.model), (opaque, None));
}

#[test]
fn nothing_but_an_exact_name_matches() {
    for name in [
        "",
        "claude",
        "claude-opus",
        "claude-opus-4-8-1",
        "claude-opus-4-80",
        "Opus",
        " opus",
        "claude-opus-5-5 ",
        "mars.anthropic.claude-opus-5-5",
        "us.claude-opus-5-5",
        "[1m]",
        "é[1m",
        "us.anthropic.claude-opus-4-8-v1",
        "arn:aws:s3:::bucket/key",
        "arn:aws:bedrock:r:a:x/",
        "arn:aws:bedrock:r:1:inference-profile/a b",
        "us.us.anthropic.claude-opus-5-5",
    ] {
        let error = resolve(name, Geography::Us).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(resolve(&"x".repeat(9999), Geography::Us).unwrap_err().to_string().len() < 400);
}

#[test]
fn regions_belong_to_geographies() {
    for (region, prefix) in [
        ("us-east-1", "us"),
        ("us-gov-west-1", "us-gov"),
        ("eu-north-1", "eu"),
        ("ap-south-1", "apac"),
        ("ap-northeast-1", "jp"),
        ("ap-southeast-2", "au"),
        ("ca-central-1", "global"),
        ("", "global"),
    ] {
        assert_eq!(Geography::of_region(region).prefix(), prefix, "{region}");
    }
}
