//! Recipes by name or from a file.

use std::path::Path;

use anyhow::{Context, anyhow};
use polaris_model::training::Recipe;

/// A built-in recipe, or one from a JSON file with the same fields.
pub(crate) fn find(name: &str) -> anyhow::Result<Recipe> {
    if let Some(recipe) = Recipe::by_name(name) {
        return Ok(recipe);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(anyhow!("recipe {name:?} is neither standard, paper, nor a file"));
    }
    let text = std::fs::read_to_string(path).with_context(|| name.to_owned())?;
    let recipe: Recipe = serde_json::from_str(&text).with_context(|| name.to_owned())?;
    recipe.check().with_context(|| name.to_owned())?;
    check_name(&recipe)
        .map_err(|expected| anyhow!("{name}: name is {:?}, expected {expected}", recipe.name))?;
    Ok(recipe)
}

/// The name is a folder's, and stands for the recipe in manifests and tables.
fn check_name(recipe: &Recipe) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if recipe.name.is_empty() || !recipe.name.bytes().all(plain) {
        return Err("letters, digits, - and _");
    }
    match Recipe::by_name(&recipe.name) {
        Some(built_in) if built_in != *recipe => Err("another one: the built-in recipe of that name differs"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_file_and_neither() {
        assert_eq!(find("paper").unwrap(), Recipe::paper());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mine.json");
        let mine = Recipe { name: "mine".to_owned(), epochs: 3, ..Recipe::standard() };
        std::fs::write(&path, serde_json::to_string(&mine).unwrap()).unwrap();
        assert_eq!(find(path.to_str().unwrap()).unwrap(), mine);
        std::fs::write(&path, "{\"name\": \"mine\"}").unwrap();
        assert!(format!("{:#}", find(path.to_str().unwrap()).unwrap_err()).contains("optimizer"));
        let bad = Recipe { epochs: 0, ..mine };
        std::fs::write(&path, serde_json::to_string(&bad).unwrap()).unwrap();
        assert!(format!("{:#}", find(path.to_str().unwrap()).unwrap_err()).contains("epochs"));
        for name in ["", "../mine", "paper"] {
            let bad = Recipe { name: name.to_owned(), epochs: 3, ..Recipe::standard() };
            std::fs::write(&path, serde_json::to_string(&bad).unwrap()).unwrap();
            let message = format!("{:#}", find(path.to_str().unwrap()).unwrap_err());
            assert!(message.contains(&format!("name is {name:?}")), "{message}");
        }
        std::fs::write(&path, serde_json::to_string(&Recipe::paper()).unwrap()).unwrap();
        assert_eq!(find(path.to_str().unwrap()).unwrap(), Recipe::paper());
        assert!(find("fancy").unwrap_err().to_string().contains("fancy"));
    }
}
